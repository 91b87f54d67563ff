/** From which value on a figure turns yellow and red. */
import { MappingType, type Threshold, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard';

/** Green, yellow from `warn` on, red from `alarm` on. */
export const rising = (warn: number, alarm: number): readonly Threshold[] => [
  { color: 'green', value: null },
  { color: 'yellow', value: warn },
  { color: 'red', value: alarm },
];

/** Red, yellow from `poor` on, green from `good` on. */
export const falling = (poor: number, good: number): readonly Threshold[] => [
  { color: 'red', value: null },
  { color: 'yellow', value: poor },
  { color: 'green', value: good },
];

/** Anything above 0 is wrong. */
export const NONE_WANTED: readonly Threshold[] = [
  { color: 'green', value: null },
  { color: 'red', value: 0.001 },
];

/** A figure that is neither good nor bad. */
export const NEUTRAL: readonly Threshold[] = [{ color: 'blue', value: null }];

const words = (...states: readonly (readonly [text: string, color: string])[]): readonly ValueMapping[] => [
  {
    type: MappingType.ValueToText,
    options: Object.fromEntries(states.map(([text, color], index) => [index, { text, color, index }])),
  },
];

export const UP = words(['DOWN', 'red'], ['UP', 'green']);
export const CIRCUIT = words(['closed', 'green'], ['half-open', 'yellow'], ['open', 'red']);
