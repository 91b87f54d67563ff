import type { Observation } from '../observation.ts';
import { ATTR, EVENT, INSTRUMENT } from '../semconv.ts';
import { SeriesTable } from '../series-table.ts';
import { errorAttributes } from './error.ts';

const fallbacks = new SeriesTable(INSTRUMENT.fallbackActivations, 'counter', { unit: '{execution}' }, [
  ATTR.primitiveName,
]);

const fallbackAnswers = new SeriesTable(INSTRUMENT.fallbackAnswers, 'counter', { unit: '{execution}' }, [
  ATTR.primitiveName,
  ATTR.fallbackAnsweredBy,
]);

/**
 * Records when one fallback asks its substitutes, and which one answered.
 *
 * @param links the names of the primary and its substitutes, in their order
 */
export function fallbackRecorder(name: string, links: readonly string[]) {
  const activations = fallbacks.series(name);
  const answers = links.map((by) => ({ by, series: fallbackAnswers.series(name, by) }));
  return {
    /** The primary failed, and a substitute is asked. */
    activated(): void {
      activations.value += 1;
    },
    /** The primary or substitute `link` (the primary is 0) failed. */
    failed(observation: Observation, link: number, error: unknown): void {
      observation.span?.addEvent(EVENT.fallback, { [ATTR.primitiveName]: links[link], ...errorAttributes(error) });
    },
    /** The primary or substitute `link` (the primary is 0) answered. */
    answered(observation: Observation, link: number): void {
      const answer = answers[link];
      if (answer === undefined) return;
      answer.series.value += 1;
      observation.span?.setAttribute(ATTR.fallbackAnsweredBy, answer.by);
    },
  };
}
