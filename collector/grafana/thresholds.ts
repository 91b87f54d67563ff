/** The values from which on a number is yellow or red. */
import { MappingType, type Threshold, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard';

/** For a number that should be low: green, yellow from `warn` on, red from `alarm` on. */
export const highIsBad = (warn: number, alarm: number): readonly Threshold[] => [
  { color: 'green', value: null },
  { color: 'yellow', value: warn },
  { color: 'red', value: alarm },
];

/** For a number that should be high: red, yellow from `poor` on, green from `good` on. */
export const lowIsBad = (poor: number, good: number): readonly Threshold[] => [
  { color: 'red', value: null },
  { color: 'yellow', value: poor },
  { color: 'green', value: good },
];

/** For a number that should be 0. */
export const RED_ABOVE_ZERO: readonly Threshold[] = [
  { color: 'green', value: null },
  { color: 'red', value: 0.001 },
];

/** For a number that is neither good nor bad. */
export const NEUTRAL: readonly Threshold[] = [{ color: 'blue', value: null }];

/** Texts for the values 0, 1, 2, ... */
const valueTexts = (...texts: readonly (readonly [text: string, color: string])[]): readonly ValueMapping[] => [
  {
    type: MappingType.ValueToText,
    options: Object.fromEntries(texts.map(([text, color], index) => [index, { text, color, index }])),
  },
];

export const UP = valueTexts(['DOWN', 'red'], ['UP', 'green']);
export const OBSERVED = valueTexts(['no', 'red'], ['observed', 'green']);
export const CIRCUIT = valueTexts(['closed', 'green'], ['half-open', 'yellow'], ['open', 'red']);
export const SHARED = valueTexts(['shared', 'green'], ['local', 'yellow']);
