import type { Observation } from '../observation.ts';
import { ATTR } from '../semconv.ts';

export function recordRoute(observation: Observation, route: string): void {
  observation.span?.setAttribute(ATTR.routerRoute, route);
}

export function recordBranch(observation: Observation, branch: 'then' | 'otherwise' | 'none'): void {
  observation.span?.setAttribute(ATTR.conditionalBranch, branch);
}
