import type { Observation } from '../observation.ts';
import { ATTR } from '../semconv.ts';

/** Records which branch won the executions of a race. */
export function raceRecorder() {
  return {
    /** The winner's place in the list, from 0, and its name, which another branch may share. */
    won(observation: Observation, index: number, name: string): void {
      observation.span?.setAttributes({ [ATTR.raceWinner]: name, [ATTR.raceWinnerIndex]: index });
    },
  };
}
