import type { Observation } from '../observation.ts';
import { ATTR } from '../semconv.ts';

/** Which branch answered: its place in the list, from 0, and its name, which another may share. */
export function recordWinner(observation: Observation, index: number, name: string): void {
  observation.span?.setAttributes({ [ATTR.raceWinner]: name, [ATTR.raceWinnerIndex]: index });
}
