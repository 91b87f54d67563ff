import type { Observation } from '../observation.ts';
import { ATTR } from '../semconv.ts';

/** Records which branch the executions of a conditional took. */
export function conditionalRecorder() {
  return {
    /** `none`: the test was false, and there is no `otherwise`. */
    branched(observation: Observation, branch: 'then' | 'otherwise' | 'none'): void {
      observation.span?.setAttribute(ATTR.conditionalBranch, branch);
    },
  };
}
