import type { Observation } from '../observation.ts';
import { ATTR } from '../semconv.ts';

/** Records which case the executions of a switch took. */
export function switchRecorder() {
  return {
    /** The case that ran; `otherwise` when none matched. */
    switched(observation: Observation, name: string): void {
      observation.span?.setAttribute(ATTR.switchCase, name);
    },
  };
}
