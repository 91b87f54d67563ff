import type { Observation } from '../observe.ts';
import { ATTR } from '../semconv.ts';

export function recordRoute(observation: Observation, route: string): void {
  observation.span?.setAttribute(ATTR.routerRoute, route);
}

export function recordBranch(observation: Observation, branch: 'then' | 'otherwise' | 'none'): void {
  observation.span?.setAttribute(ATTR.conditionalBranch, branch);
}
