import type { Observation } from '../observation.ts';
import { EVENT } from '../semconv.ts';
import { errorAttributes } from './error.ts';

export type { Observation } from '../observation.ts';

/** A user's callback threw while the execution had an error of its own, which the execution keeps. */
export function recordCallbackError(observation: Observation, error: unknown): void {
  observation.span?.addEvent(EVENT.callbackError, errorAttributes(error));
}
