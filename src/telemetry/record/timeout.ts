import type { Observation } from '../observe.ts';
import { ATTR } from '../semconv.ts';

export function recordTimeout(observation: Observation, timeoutMs: number): void {
  observation.span?.setAttribute(ATTR.timeout, timeoutMs / 1_000);
}
