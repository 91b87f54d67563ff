import type { Observation } from '../observation.ts';
import { ATTR } from '../semconv.ts';

/** Records which route the executions of a router took. */
export function routerRecorder() {
  return {
    routed(observation: Observation, route: string): void {
      observation.span?.setAttribute(ATTR.routerRoute, route);
    },
  };
}
