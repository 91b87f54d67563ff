import { systemClock } from '../platform/clock.ts';
import { redact } from '../platform/redact.ts';

/** Warns in the log of the process, of each kind once a minute: what is wrong with a queue is wrong for all of its jobs. */
export type Say = (kind: string, text: string) => void;

const MINUTE_MS = 60_000;

export function sayer(queueName: string): Say {
  const saidAt = new Map<string, number>();
  return (kind, text) => {
    const now = systemClock.now();
    if (now - (saidAt.get(kind) ?? -MINUTE_MS) < MINUTE_MS) return;
    saidAt.set(kind, now);
    process.emitWarning(redact(`the queue ${queueName}: ${text}`), 'TtaPrimitivesWarning');
  };
}
