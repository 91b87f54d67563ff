import { SeriesTable } from '../instruments.ts';
import type { Observation } from '../observation.ts';
import { ATTR, EVENT, INSTRUMENT } from '../semconv.ts';
import { errorAttributes } from './error.ts';

const fallbacks = new SeriesTable(INSTRUMENT.fallbackActivations, 'counter', { unit: '{execution}' }, [
  ATTR.primitiveName,
]);

const fallbackAnswers = new SeriesTable(INSTRUMENT.fallbackAnswers, 'counter', { unit: '{execution}' }, [
  ATTR.primitiveName,
  ATTR.fallbackAnsweredBy,
]);

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
    /** How the primary or substitute of this name tells that it answered. */
    answersOf(by: string): (observation: Observation) => void {
      const answers = fallbackAnswers.series(name, by);
      return (observation) => {
        answers.value += 1;
        observation.span?.setAttribute(ATTR.fallbackAnsweredBy, by);
      };
    },
  };
}
