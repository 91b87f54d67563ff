/** Whether the span queue sends now, or pauses after a failure. Pure values; times are in milliseconds. */

const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5_000;
/** The longest wait that a collector can ask for. */
const LONGEST_RETRY_AFTER_MS = 3_600_000;

export type Delivery =
  | { readonly mode: 'sending' }
  | {
      readonly mode: 'paused';
      readonly pauseMs: number;
      /** Whether the collector asked for the pause. A flush does not end it. */
      readonly isAsked: boolean;
    };

export const SENDING: Delivery = { mode: 'sending' };

/** Whether the collector asked for the pause. */
export function isAsked(delivery: Delivery): boolean {
  return delivery.mode === 'paused' && delivery.isAsked;
}

/** A failure during a pause starts no other pause, unless the collector asks for a longer one. */
export function pauseAfter(delivery: Delivery, pausesInARow: number, retryAfterMs: number | undefined): Delivery {
  const asked = retryAfterMs !== undefined;
  if (delivery.mode === 'paused' && (!asked || delivery.pauseMs >= retryAfterMs)) return delivery;
  const pauseMs = asked
    ? Math.max(SHORTEST_PAUSE_MS / 10, Math.min(LONGEST_RETRY_AFTER_MS, retryAfterMs))
    : Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** pausesInARow);
  return { mode: 'paused', pauseMs, isAsked: asked };
}
