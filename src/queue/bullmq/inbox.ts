/**
 * The replies to the jobs of a process: a stream of its own, to which a worker adds a reply before it ends the job. So
 * what is in the stream when a job has ended is all that will come.
 */
import { randomUUID } from 'node:crypto';
import type { Inbox, InboxOptions, QueueMessage } from '../job-queue.ts';
import { repeatedly } from '../rest.ts';
import type { Say } from '../say.ts';
import { answered } from './answered.ts';
import type { Client } from './commands.ts';
import { reasonOf } from './dead-jobs.ts';
import { withoutCommand } from './errors.ts';
import { Gate } from './gate.ts';
import type { Keys } from './keys.ts';
import type { Link, Linked } from './link.ts';

/** How long Redis keeps replies for a process that gives no sign of life, and how often one is given, in milliseconds. */
const KEPT_MS = 180_000;
const SIGN_MS = 60_000;
/** How long one read waits for replies, and how much longer an answer may take before the connection is cut, in milliseconds. */
const BLOCK_MS = 5_000;
const OVERDUE_MS = 3_000;
/** How many replies one read takes: each may be large. */
const AT_ONCE = 32;
/** How many replies, and bytes, that were read stay in Redis before they are removed. */
const READ_KEPT = 64;
const READ_KEPT_BYTES = 100_000;
/** How often the accepted jobs are looked after, in milliseconds, and how many in one step: Redis does nothing else during it. */
const LOOK_MS = 2_500;
const LOOKED_AT_ONCE = 500;

type Entry = readonly [id: Buffer, fields: readonly Buffer[]];

export interface InboxSettings {
  readonly name: string;
  readonly keys: Keys;
  readonly maxAwayMs: number;
  readonly say: Say;
}

export function openInbox(link: Link, options: InboxOptions, settings: InboxSettings): Promise<Inbox> {
  return link.use((linked) => open(link, linked, options, settings));
}

async function open(link: Link, linked: Linked, options: InboxOptions, settings: InboxSettings): Promise<Inbox> {
  const { name, keys, maxAwayMs, say } = settings;
  const { on, waiting, events } = options;
  const { commands } = linked;
  const address = randomUUID();
  const [stream, sign] = [keys.replies(address), keys.inbox(address)];
  const closed = new AbortController();
  const failed = (error: unknown) => events.failed('inbox', withoutCommand(error));
  const keep = () => commands.ttaKeep(stream, sign, KEPT_MS);
  const tell: LookParts['tell'] = (id, kind, why) => commands.ttaReply(stream, sign, id, kind, why);
  const suspects = new Set<string>();
  let last = '0-0';
  const read: Buffer[] = [];
  let readBytes = 0;

  await linked.gate.pass(maxAwayMs);
  await keep();
  // Reads block: the inbox has a connection of its own.
  const reader = linked.connections.open('prompt');
  const readerGate = new Gate(name, reader);

  async function readSome(): Promise<void> {
    await readerGate.pass(BLOCK_MS, closed.signal);
    // A read that was sent just before a cut may never be answered.
    const asked = reader.xreadBuffer('COUNT', AT_ONCE, 'BLOCK', BLOCK_MS, 'STREAMS', stream, last);
    const found = (await answered(reader, asked, BLOCK_MS + OVERDUE_MS)) as
      | readonly [Buffer, readonly Entry[]][]
      | null;
    const entries = found?.[0]?.[1] ?? [];
    for (const [id, fields] of entries) {
      last = id.toString();
      read.push(id);
      readBytes += fields[3]?.byteLength ?? 0;
      const message = messageOf(fields);
      if (message !== undefined) on(message);
    }
    if (read.length >= READ_KEPT || readBytes >= READ_KEPT_BYTES || entries.length === 0) forget();
    // The process may end, if this was the last reply that a call waited for.
    link.letGo(linked);
  }

  function forget(): void {
    if (read.length > 0) commands.xdel(stream, ...read.splice(0)).catch(failed);
    readBytes = 0;
  }

  link.waiting.add(waiting);
  const loops = [
    repeatedly(readSome, 0, closed.signal, failed),
    repeatedly(keep, SIGN_MS, closed.signal, failed),
    repeatedly(
      () => link.use(() => lookAfter([...waiting()], { keys, commands, say, tell, suspects })),
      LOOK_MS,
      closed.signal,
      failed,
    ),
  ];
  // A restarted Redis may have lost the sign of life: without it, it keeps few replies.
  const onReady = () => void keep().catch(failed);
  commands.on('ready', onReady);
  return {
    address,
    async close() {
      closed.abort();
      link.waiting.delete(waiting);
      commands.off('ready', onReady);
      reader.disconnect();
      if (commands.status === 'ready') await commands.del(stream, sign).catch(() => {});
      await Promise.allSettled(loops);
    },
  };
}

interface LookParts {
  readonly keys: Keys;
  readonly commands: Client;
  readonly say: Say;
  /** Writes behind the replies. */
  readonly tell: (id: string, kind: 'lost' | 'dead', why: string) => Promise<unknown>;
  /** The jobs that were not there when we looked last. */
  readonly suspects: Set<string>;
}

/**
 * Finds accepted jobs that Redis has no more, that have ended, or that are dead, and writes that behind the replies: who
 * still waits when it is read gets no other reply. A job must be missed twice: after a restart of Redis, its worker says
 * meanwhile that it has it.
 */
async function lookAfter(ids: readonly string[], parts: LookParts): Promise<void> {
  const { keys, commands, tell, suspects, say } = parts;
  const missed = new Set<string>();
  let lost = 0;
  for (let from = 0; from < ids.length; from += LOOKED_AT_ONCE) {
    const some = ids.slice(from, from + LOOKED_AT_ONCE);
    const asked = commands.ttaFates(`${keys.base}wait`, keys.base, ...some);
    const fates = (await answered(commands, asked)) as unknown[];
    for (const [i, id] of some.entries()) {
      const fate = fates[i];
      if (typeof fate === 'string') await tell(id, 'dead', reasonOf(fate));
      else if (fate === 1 && !suspects.has(id)) missed.add(id);
      else if (fate === 1) {
        await tell(id, 'lost', '');
        lost += 1;
      }
    }
  }
  suspects.clear();
  for (const id of missed) suspects.add(id);
  if (lost > 0)
    say(
      'lost',
      `${lost} accepted jobs are lost: Redis has no trace of them. A Redis that restarts must keep its data on disk`,
    );
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
