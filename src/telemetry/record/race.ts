import type { Observation } from '../observation.ts';
import { ATTR } from '../semconv.ts';

/** Records which branch won the executions of a race. */
export function raceRecorder() {
  return {
    /** The winner's index in the list, from 0, and its name. Another branch may have the same name. */
    won(observation: Observation, index: number, name: string): void {
      observation.span?.setAttributes({ [ATTR.raceWinner]: name, [ATTR.raceWinnerIndex]: index });
    },
  };
}
