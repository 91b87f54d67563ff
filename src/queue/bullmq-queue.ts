import type { Redis } from 'ioredis';
import { checkOptions, fail, type Rules, requireName } from '../core/check.ts';
import { callback, count, milliseconds, number, optional, word } from '../core/rules.ts';
import { measure } from '../core/show.ts';
import { readProperty } from '../platform/read-property.ts';
import { isReadable } from '../platform/readable-url.ts';
import { requireBodySize } from './body-size.ts';
import { answered } from './bullmq/answered.ts';
import { asBuffer } from './bullmq/commands.ts';
import type { RedisSettings } from './bullmq/connections.ts';
import { deadJobs } from './bullmq/dead-jobs.ts';
import { isRefused } from './bullmq/errors.ts';
import { Gate } from './bullmq/gate.ts';
import { openInbox } from './bullmq/inbox.ts';
import { keysOf } from './bullmq/keys.ts';
import { Link, type Linked } from './bullmq/link.ts';
import { loadIoredis } from './bullmq/packages.ts';
import { removeKeys } from './bullmq/remove-keys.ts';
import { sendJob } from './bullmq/send.ts';
import { statsOf } from './bullmq/stats.ts';
import { startBullmqWorker } from './bullmq/worker.ts';
import type { JobQueue } from './job-queue.ts';
import { sayer } from './say.ts';

/** The part of an ioredis client, or cluster, by which it is recognised. */
export interface RedisClient {
  readonly status: string;
  disconnect(): void;
}

export interface BullmqQueueOptions {
  /** The address of Redis or Valkey, such as `redis://127.0.0.1:6379`, or `rediss://` for TLS. @default none: `connect` is given */
  readonly url?: string | undefined;
  /**
   * Makes a client of ioredis, for sentinels or certificates of your own: `(settings) => new Redis({ ...mine, ...settings })`.
   * A cluster: `(settings) => new Cluster(nodes, { ...settings, redisOptions: settings })`, with a `prefix` in braces. The
   * settings must be in it as they are. It is called for each connection: two where jobs are sent, two for each worker.
   * @default a client for `url`
   */
  readonly connect?: ((settings: RedisSettings) => RedisClient) | undefined;
  /** The first part of every key in Redis. A cluster needs one in braces: `{tta}`. @default 'tta' */
  readonly prefix?: string | undefined;
  /** How many jobs may wait, those that were handed back included. More are refused. @default 10000 */
  readonly maxWaiting?: number | undefined;
  /**
   * A worker that gives no sign of life for so long, in milliseconds, has lost its job: another one starts it, at the
   * latest after twice that time. Work that keeps the event loop busy for longer runs twice: give it 30000. @default 4000
   */
  readonly lockMs?: number | undefined;
  /** How many workers may start a job. A job that has ended so many of them is dead. @default 3 */
  readonly maxDeliveries?: number | undefined;
  /** How long dead jobs are kept, in milliseconds. @default 604800000, which is a week */
  readonly keepDeadMs?: number | undefined;
  /** How many dead jobs are kept. @default 1000 */
  readonly keepDead?: number | undefined;
  /** The largest input or output, with its head, in bytes. @default 5000000 */
  readonly maxBodyBytes?: number | undefined;
  /** How long a call waits for Redis while it cannot be reached, in milliseconds. @default 30000 */
  readonly maxAwayMs?: number | undefined;
}

const RULES: Rules<BullmqQueueOptions> = {
  url: (where, option, value) => {
    // Its password is not shown.
    if (value !== undefined && !isAddress(value))
      throw new TypeError(
        `${where}: ${option} must be an address such as redis://127.0.0.1:6379 or rediss://…, got ${measure(value)}`,
      );
  },
  connect: optional(callback<(settings: RedisSettings) => RedisClient>()),
  prefix: optional(word),
  maxWaiting: optional(count),
  lockMs: optional(number({ min: 100 })),
  maxDeliveries: optional(count),
  keepDeadMs: optional(number({ min: 1_000 })),
  keepDead: optional(count),
  maxBodyBytes: optional(number({ min: 1_000, max: 500_000_000, integer: true })),
  maxAwayMs: optional(milliseconds),
};

function isAddress(value: unknown): boolean {
  return typeof value === 'string' && /^rediss?:\/\/./.test(value) && isReadable(value);
}

/** How long a look at the queue waits for Redis, and the start of a worker, in milliseconds. */
const LOOK_MS = 2_000;
/** How long the message that cancels a job waits for a worker that starts it, in milliseconds. */
const CANCEL_MS = 3_600_000;

/**
 * A queue in Redis or Valkey, by BullMQ. It needs the packages `bullmq` and `ioredis`, and connects when it is first used.
 * Redis must keep all (`maxmemory-policy noeviction`), and should keep it on disk (`appendonly yes`): a restarted Redis
 * that has lost its jobs makes their callers get a `JobLostError`.
 *
 * @param name without colons; it is in each key and in the metrics
 * @example
 * const queue = bullmqQueue('texts', { url: 'redis://127.0.0.1:6379' });
 * const remote = distribute('summarise', summarise, { queue });
 * @throws TypeError, RangeError when the name or an option is wrong
 */
export function bullmqQueue(name: string, options: BullmqQueueOptions): JobQueue {
  requireName('bullmqQueue', name);
  if (name.includes(':')) fail('bullmqQueue', 'name', 'must have no colon', name);
  checkOptions('BullmqQueueOptions', options, RULES);
  const { url, connect, prefix = 'tta', maxWaiting = 10_000, maxBodyBytes = 5_000_000, maxAwayMs = 30_000 } = options;
  if (url === undefined && connect === undefined)
    throw new TypeError('BullmqQueueOptions: must say which server, by url or connect, got neither');
  if (url !== undefined && connect !== undefined)
    fail('BullmqQueueOptions', 'connect', 'is of no use beside url', connect);
  const { lockMs = 4_000, maxDeliveries = 3, keepDeadMs = 604_800_000, keepDead = 1_000 } = options;
  const keys = keysOf(prefix, name);
  const limits = { maxWaiting, maxBodyBytes };
  const say = sayer(name);
  const connector = async () =>
    connect === undefined ? await clientOf(url ?? '') : (connect as unknown as (settings: RedisSettings) => Redis);
  const link = new Link({ name, prefix, limits, lookMs: Math.min(maxAwayMs, LOOK_MS), connector, say });

  /** Gives whether the job is there and has not ended. */
  async function tell({ commands }: Linked, id: string, message: Uint8Array, cancelMs: number): Promise<boolean> {
    const targets = [keys.base + id, keys.cancel(id), keys.worker('')];
    return (await commands.ttaTell(...targets, id, asBuffer(message), cancelMs)) === 1;
  }

  return {
    name,
    engine: 'bullmq',
    maxBodyBytes,
    async send(job, signal) {
      signal.throwIfAborted();
      requireBodySize(name, job.body, maxBodyBytes);
      await link.use((linked) => sendJob(linked, job, signal, { name, maxWaiting, maxAwayMs }));
    },
    open: (inbox) => openInbox(link, inbox, { name, keys, maxAwayMs, say }),
    cancel: (id, message) =>
      link.look(async (linked) => {
        if (!(await tell(linked, id, message, CANCEL_MS))) return false;
        // A job that a worker has is not removed.
        return (await (await linked.queue()).getBackend().remove(id, true)) === 1;
      }),
    async tell(id, message) {
      await link.look((linked) => tell(linked, id, message, 0));
    },
    async work(handler, workOptions) {
      const { bullmq, connections } = await link.load(true);
      const [client, subscriber] = [connections.open('patient'), connections.open('patient')];
      try {
        await new Gate(name, client).pass(LOOK_MS);
      } catch (error) {
        if (isRefused(readProperty(error, 'cause'))) {
          connections.close();
          throw error;
        }
        say('away', 'Redis cannot be reached. Workers wait for it');
      }
      const settings = { lockMs, maxDeliveries, keepDeadMs, keepDead, limits };
      const parts = { bullmq, name, prefix, keys, client, subscriber, settings, say };
      const worker = startBullmqWorker(parts, handler, workOptions);
      return {
        get running() {
          return worker.running;
        },
        async drain(graceMs) {
          const report = await worker.drain(graceMs);
          connections.close();
          return report;
        },
      };
    },
    stats: () => link.look(({ commands }) => answered(commands, statsOf(commands, keys))),
    dead: deadJobs(keys, link),
    remove: () => link.look(({ commands }) => removeKeys(commands, keys)),
    async close() {
      link.close();
    },
  };
}

async function clientOf(url: string) {
  const ioredis = await loadIoredis();
  return (settings: RedisSettings) => new ioredis.Redis(url, settings);
}
