import type { Observation } from '../observation.ts';
import { ATTR } from '../semconv.ts';

export type { Observation } from '../observation.ts';

/** Records the items of the executions of a map. */
export function mapRecorder() {
  return {
    /** How many items were started, and how many of them failed without ending the execution. */
    finished(observation: Observation, items: number, failed: number): void {
      observation.span?.setAttributes({ [ATTR.mapItems]: items, [ATTR.mapFailedItems]: failed });
    },
  };
}
