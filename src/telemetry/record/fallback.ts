import { CounterTable } from '../instruments.ts';
import type { Observation } from '../observe.ts';
import { ATTR, EVENT, INSTRUMENT } from '../semconv.ts';
import { errorAttributes } from './error.ts';

const fallbacks = new CounterTable(
  INSTRUMENT.fallbackActivations,
  'counter',
  { description: 'Executions whose primary failed, so that a substitute was tried', unit: '{execution}' },
  [ATTR.primitiveName],
);

/** Tells when one fallback leaves its primary, and who answered. */
export function fallbackActivations(name: string) {
  const activations = fallbacks.series(name);
  return {
    activated(): void {
      activations.value += 1;
    },
    failed(observation: Observation, substitute: string, error: unknown): void {
      observation.span?.addEvent(EVENT.fallback, { [ATTR.primitiveName]: substitute, ...errorAttributes(error) });
    },
    answered(observation: Observation, by: string): void {
      observation.span?.setAttribute(ATTR.fallbackAnsweredBy, by);
    },
  };
}
