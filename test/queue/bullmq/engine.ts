/** What the tests of the engine have in common. */
import { randomUUID } from 'node:crypto';
import { vi } from 'vitest';
import type { EngineEvents, JobHandler, JobQueue, QueuedJob, QueueMessage } from '../../../src/queue/index.ts';

export const never = new AbortController().signal;
export const bytes = (text: string) => new TextEncoder().encode(text);
export const textOf = (body: Uint8Array) => Buffer.from(body).toString();

export function eventually<T>(look: () => T | Promise<T>, timeout = 30_000): Promise<T> {
  return vi.waitFor(look, { timeout, interval: 20 });
}

/** Keeps what an engine says of itself. */
export function listener() {
  const said = { failed: [] as [string, unknown][], died: [] as string[], restarted: 0 };
  const events: EngineEvents = {
    failed: (operation, error) => void said.failed.push([operation, error]),
    died: (reason) => void said.died.push(reason),
    restarted: () => {
      said.restarted += 1;
    },
  };
  return { said, events };
}

/** A process that sends jobs and waits for what becomes of them. */
export async function caller(queue: JobQueue) {
  const waiting = new Map<string, (message: QueueMessage) => void>();
  const accepted = new Set<string>();
  const { said, events } = listener();
  const inbox = await queue.open({
    on: (message) => waiting.get(message.id)?.(message),
    waiting: () => accepted,
    events,
  });
  return {
    said,
    address: inbox.address,
    /** The text of the reply, `lost`, or `dead: ` and why. */
    async call(body: string, more: Partial<QueuedJob> = {}): Promise<string> {
      const id = more.id ?? randomUUID();
      const answer = new Promise<QueueMessage>((on) => waiting.set(id, on));
      try {
        await queue.send({ id, replyTo: inbox.address, body: bytes(body), ...more }, never);
        accepted.add(id);
        const message = await answer;
        if ('body' in message) return textOf(message.body);
        return 'dead' in message ? `dead: ${message.dead}` : 'lost';
      } finally {
        waiting.delete(id);
        accepted.delete(id);
      }
    },
  };
}

/** Answers each job with its body, and counts the starts of each. */
export function echo(work: (body: string) => unknown = () => {}) {
  const starts = new Map<string, number>();
  const handler: JobHandler = async (job, run) => {
    const body = textOf(job.body);
    starts.set(body, (starts.get(body) ?? 0) + 1);
    await work(body);
    await run.reply(job.body);
    return { end: 'done' };
  };
  return { starts, handler };
}
