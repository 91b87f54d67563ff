import type { Redis } from 'ioredis';
import { rest } from '../rest.ts';

/** How long Redis may take to answer before its connection is made anew, in milliseconds. */
const SILENT_MS = 10_000;

/**
 * Waits for an answer of Redis. A connection that was cut without a word looks as before and never brings one: it is made
 * anew, and the command fails, or is sent again, as its client does it after each cut.
 */
export async function answered<T>(client: Redis, answer: Promise<T>, withinMs = SILENT_MS): Promise<T> {
  const done = new AbortController();
  void rest(withinMs, done.signal).then(() => {
    if (!done.signal.aborted) client.disconnect(true);
  });
  try {
    return await answer;
  } finally {
    done.abort();
  }
}
