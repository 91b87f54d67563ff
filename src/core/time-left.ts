/** Until when work has time, for those who tell another process of it. */
import type { Clock } from '../platform/clock.ts';
import type { CancelScope } from './cancellation.ts';
import type { ExecutionContext } from './context.ts';

const LIMIT = 'time limit';

interface Limit {
  readonly clock: Clock;
  /** By that clock. */
  readonly at: number;
}

/** The context of work that is cancelled after `ms` milliseconds, under another scope if that is given. */
export function withTimeLimit(context: ExecutionContext, ms: number, scope?: CancelScope): ExecutionContext {
  const { clock } = context;
  return context.insideOf(LIMIT, { clock, at: clock.now() + ms } satisfies Limit, scope);
}

/** The milliseconds until the nearest of the limits around the work, at least 0; `undefined` where there is none. */
export function timeLeft(context: ExecutionContext): number | undefined {
  const left = context.all<Limit>(LIMIT).map(({ clock, at }) => Math.max(0, at - clock.now()));
  const nearest = Math.min(...left);
  // A clock is foreign code, and may give no number.
  return Number.isFinite(nearest) ? nearest : undefined;
}
