import type { Observation } from '../observation.ts';
import { ATTR } from '../semconv.ts';

/** Records which branch the executions of a conditional took. */
export function conditionalRecorder() {
  return {
    /** `none` where the test did not hold and there is no other branch. */
    branched(observation: Observation, branch: 'then' | 'otherwise' | 'none'): void {
      observation.span?.setAttribute(ATTR.conditionalBranch, branch);
    },
  };
}
