import type { Observation } from '../observation.ts';
import { ATTR } from '../semconv.ts';

/** The case that ran; `otherwise` when none matched. */
export function recordCase(observation: Observation, name: string): void {
  observation.span?.setAttribute(ATTR.switchCase, name);
}
