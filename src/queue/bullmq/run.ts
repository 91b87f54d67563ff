/** One start of a job on this worker. */
import type { EngineEvents, JobRun } from '../job-queue.ts';
import { rest } from '../rest.ts';
import { asBuffer, type Client } from './commands.ts';
import { withoutCommand } from './errors.ts';
import type { Keys } from './keys.ts';
import type { StoredJob } from './stored-job.ts';

export interface Run extends JobRun {
  /** A message for the job has come. */
  hear(message: Uint8Array): void;
  /** Another worker may have the job. */
  loseJob(): void;
}

export interface RunParts {
  readonly client: Client;
  readonly keys: Keys;
  readonly events: EngineEvents;
}

/** The first wait before a reply is sent again, and the longest, in milliseconds. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2_000;

/** Sends to the inbox of a job. Redis that is full takes no reply: it is sent again, the work is not done again. */
export async function reply(
  { client, keys, events }: RunParts,
  to: string,
  [id, kind, value]: readonly [id: string, kind: 'body' | 'dead', value: Uint8Array | string],
  signal: AbortSignal,
): Promise<void> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
    signal.throwIfAborted();
    try {
      await client.ttaReply(
        keys.replies(to),
        keys.inbox(to),
        id,
        kind,
        typeof value === 'string' ? value : asBuffer(value),
      );
      return;
    } catch (error) {
      events.failed('reply', withoutCommand(error));
      await rest(waitMs, signal);
    }
  }
}

export function startRun(id: string, replyTo: string, stored: StoredJob, parts: RunParts): Run {
  const { acceptedAt, now, cancel, expiresInMs } = stored;
  const lost = new AbortController();
  const listeners: ((message: Uint8Array) => void)[] = [];
  const heard: Uint8Array[] = cancel === undefined ? [] : [Buffer.from(cancel)];
  const waitedMs = acceptedAt === undefined || now === undefined ? undefined : Math.max(0, now - acceptedAt);
  return {
    delivery: stored.stalls + 1,
    waitedMs,
    expiresInMs: expiresInMs === undefined ? undefined : expiresInMs - (waitedMs ?? 0),
    signal: lost.signal,
    onMessage(on) {
      listeners.push(on);
      for (const message of heard) on(message);
    },
    hear(message) {
      // What comes before the handler listens is kept for it.
      if (listeners.length === 0) heard.push(message);
      for (const on of listeners) on(message);
    },
    loseJob: () => lost.abort(new Error(`another worker may have the job ${id}: its lock has expired`)),
    reply: (body) => reply(parts, replyTo, [id, 'body', body], lost.signal),
  };
}
