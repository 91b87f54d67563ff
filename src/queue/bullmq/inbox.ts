/**
 * The replies to the jobs of a process: a stream of its own, to which a worker adds a reply before it ends the job. So
 * what is in the stream when a job has ended is all that will come.
 */
import { randomUUID } from 'node:crypto';
import type { Inbox, InboxOptions, QueueMessage } from '../job-queue.ts';
import type { Client } from './commands.ts';
import type { Gate } from './gate.ts';
import type { Keys } from './keys.ts';
import { repeatedly, rest } from './rest.ts';

/** How long Redis keeps replies for a process that gives no sign of life, and how often one is given, in milliseconds. */
const KEPT_MS = 180_000;
const SIGN_MS = 60_000;
/** How long one read waits for replies, and how much longer an answer may take before the connection is cut, in milliseconds. */
const BLOCK_MS = 5_000;
const OVERDUE_MS = 3_000;
/** How many replies one read takes: each may be large. */
const AT_ONCE = 32;
/** How often the accepted jobs are looked after, in milliseconds, and how many in one step: Redis does nothing else during it. */
const LOOK_MS = 4_000;
const LOOKED_AT_ONCE = 500;

type Entry = readonly [id: Buffer, fields: readonly Buffer[]];

export interface InboxParts {
  readonly keys: Keys;
  readonly commands: Client;
  readonly commandsGate: Gate;
  /** A connection for this inbox alone: its reads block. */
  readonly reader: Client;
  readonly readerGate: Gate;
}

export async function openInbox(parts: InboxParts, options: InboxOptions, maxAwayMs: number): Promise<Inbox> {
  const { keys, commands, commandsGate, reader, readerGate } = parts;
  const { on, waiting, events } = options;
  const address = randomUUID();
  const [stream, sign] = [keys.replies(address), keys.inbox(address)];
  const closed = new AbortController();
  let last = '0-0';

  const failed = (error: unknown) => events.failed('inbox', error);
  const keep = () => commands.ttaKeep(stream, sign, KEPT_MS);

  async function read(): Promise<void> {
    await readerGate.pass(BLOCK_MS, closed.signal);
    const late = new AbortController();
    const overdue = rest(BLOCK_MS + OVERDUE_MS, late.signal).then(() => {
      // A read that was sent just before a cut may never be answered.
      if (!late.signal.aborted) reader.disconnect(true);
    });
    try {
      const found = (await Promise.race([
        reader.xreadBuffer('COUNT', AT_ONCE, 'BLOCK', BLOCK_MS, 'STREAMS', stream, last),
        overdue,
      ])) as readonly [Buffer, readonly Entry[]][] | null | undefined;
      const entries = found?.[0]?.[1] ?? [];
      for (const [id, fields] of entries) {
        last = id.toString();
        const message = messageOf(fields);
        if (message !== undefined) on(message);
      }
      if (entries.length > 0) forget(entries.map(([id]) => id));
    } finally {
      late.abort();
    }
  }

  /** What is read is removed, so that the stream is as large as what is not. */
  function forget(ids: readonly Buffer[]): void {
    commands.xdel(stream, ...ids).catch(failed);
  }

  await commandsGate.pass(maxAwayMs);
  await keep();
  const loops = [
    repeatedly(read, 0, closed.signal, failed),
    repeatedly(keep, SIGN_MS, closed.signal, failed),
    repeatedly(() => lookAfter(waiting(), { ...parts, stream }), LOOK_MS, closed.signal, failed),
  ];
  // A restarted Redis may have lost the sign of life: without it, it keeps few replies.
  const onReady = () => void keep().catch(failed);
  commands.on('ready', onReady);
  return {
    address,
    async close() {
      closed.abort();
      commands.off('ready', onReady);
      reader.disconnect();
      if (commands.status === 'ready') await commands.del(stream, sign).catch(() => {});
      await Promise.allSettled(loops);
    },
  };
}

/**
 * Finds accepted jobs that Redis has no more, that have ended, or that are dead, and writes that behind the replies: who
 * still waits when it is read gets no other reply.
 */
async function lookAfter(ids: Iterable<string>, parts: InboxParts & { readonly stream: string }): Promise<void> {
  const { keys, commands, stream } = parts;
  const all = [...ids];
  for (let from = 0; from < all.length; from += LOOKED_AT_ONCE) {
    const some = all.slice(from, from + LOOKED_AT_ONCE);
    const fates = (await commands.ttaFates(`${keys.base}wait`, keys.base, ...some)) as unknown[];
    const ended = some.flatMap((id, i) => (fates[i] === 0 ? [] : [[id, fates[i]] as const]));
    for (const [id, fate] of ended)
      await (typeof fate === 'string'
        ? commands.xadd(stream, '*', 'id', id, 'dead', fate)
        : commands.xadd(stream, '*', 'id', id, 'lost', ''));
  }
}

function messageOf(fields: readonly Buffer[]): QueueMessage | undefined {
  const [, id, kind, value] = fields;
  if (id === undefined || value === undefined) return undefined;
  switch (kind?.toString()) {
    case 'body':
      return { id: id.toString(), body: value };
    case 'lost':
      return { id: id.toString(), lost: true };
    case 'dead':
      return { id: id.toString(), dead: value.toString() };
    default:
      return undefined;
  }
}
