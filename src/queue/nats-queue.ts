import { checkOptions, fail, type Rule, type Rules, requireName } from '../core/check.ts';
import { callback, count, having, milliseconds, number, oneOf, optional } from '../core/rules.ts';
import { measure } from '../core/show.ts';
import { requireBodySize } from './body-size.ts';
import { QueueAwayError, QueueFullError } from './errors.ts';
import type { JobQueue, QueuedJob } from './job-queue.ts';
import { cancelJob } from './nats/cancel.ts';
import { Connection } from './nats/connection.ts';
import { deadJobs } from './nats/dead.ts';
import { HEADER } from './nats/delivery.ts';
import { isFull, isRefusal, isThere } from './nats/errors.ts';
import { openInbox } from './nats/inbox.ts';
import { layoutOf, SAFE_NAME, SAFE_PREFIX } from './nats/layout.ts';
import { loadPackages, type NatsConnection } from './nats/packages.ts';
import { requireRoom } from './nats/payload.ts';
import { DEFAULTS, prepare, removeStreams } from './nats/prepare.ts';
import { serversOf } from './nats/servers.ts';
import { readStats } from './nats/stats.ts';
import { startNatsWorker } from './nats/worker.ts';
import { sayer } from './say.ts';

/** The part of a connection of `@nats-io/transport-node` by which it is recognised. */
export interface NatsClient {
  isClosed(): boolean;
  close(): Promise<void>;
}

export interface NatsQueueOptions {
  /**
   * The addresses of the servers, such as `nats://user:password@127.0.0.1:4222`. `tls://` makes the connection encrypted.
   * Either this or `connect`.
   */
  readonly servers?: string | readonly string[] | undefined;
  /**
   * Makes a connection, for what `servers` cannot say: credentials, certificates. It should try to reconnect for ever. The
   * queue closes it. It is called again when the connection was not used for a second and is needed again.
   */
  readonly connect?: (() => Promise<NatsClient>) | undefined;
  /** The first part of the name of every stream and subject: letters, digits and `_`. @default 'tta' */
  readonly prefix?: string | undefined;
  /** How many jobs the queue may hold, those that run included; more are refused. @default 10000 */
  readonly maxWaiting?: number | undefined;
  /** The largest input or output, in bytes. The server's `max_payload` must be 10,000 bytes larger. @default 1000000 */
  readonly maxBodyBytes?: number | undefined;
  /** How long a call waits for servers that cannot be reached, in milliseconds. @default 30000 */
  readonly maxAwayMs?: number | undefined;
  /**
   * A job is given to another worker when its worker was silent for so long, in milliseconds. More where a job may keep the
   * event loop busy for longer. @default 4000
   */
  readonly lockMs?: number | undefined;
  /** How often a job is started whose worker has ended while it ran. @default 3 */
  readonly maxDeliveries?: number | undefined;
  /** How many dead jobs are kept, the newest ones. @default 1000 */
  readonly keepDead?: number | undefined;
  /** How long a dead job is kept, in milliseconds. @default 604800000, which is a week */
  readonly keepDeadMs?: number | undefined;
  /** Where the servers keep the jobs. `memory`: they are lost when the server ends. @default 'file' */
  readonly storage?: 'file' | 'memory' | undefined;
  /** On how many servers of a cluster each job is kept: 1, 3 or 5. @default 1 */
  readonly replicas?: number | undefined;
}

const servers: Rule<string | readonly string[]> = (where, option, value) => {
  const given: unknown[] = [value].flat();
  if (given.length === 0 || !given.every((each) => typeof each === 'string'))
    throw new TypeError(`${where}: ${option} must be an address or several, got ${measure(value)}`);
  serversOf(given);
};

const prefix: Rule<string> = (where, option, value) => {
  if (typeof value !== 'string' || !SAFE_PREFIX.test(value))
    fail(where, option, 'must have only letters, digits and _, at most 100', value);
};

const RULES: Rules<NatsQueueOptions> = {
  servers: optional(servers),
  connect: optional(callback()),
  prefix: optional(prefix),
  maxWaiting: optional(count),
  maxBodyBytes: optional(number({ min: 1, max: 60_000_000, integer: true })),
  maxAwayMs: optional(milliseconds),
  lockMs: optional(number({ min: 500 })),
  maxDeliveries: optional(count),
  keepDead: optional(count),
  keepDeadMs: optional(number({ min: 1_000 })),
  storage: optional(oneOf('file', 'memory')),
  replicas: optional(number({ min: 1, max: 5, integer: true })),
};

/** So long until a server that hangs counts as lost, in milliseconds: two pings. */
const PING_MS = 5_000;

/**
 * A queue in NATS JetStream. Needs `@nats-io/jetstream` and `@nats-io/transport-node`, which it loads when it is first
 * used.
 *
 * @param name letters, digits, `-` and `_`
 * @example
 * const queue = natsQueue('texts', { servers: 'nats://127.0.0.1:4222' });
 * @throws TypeError, RangeError when the name or an option is wrong
 */
export function natsQueue(name: string, options: NatsQueueOptions): JobQueue {
  requireName('natsQueue', name);
  if (!SAFE_NAME.test(name)) fail('natsQueue', 'name', 'must have only letters, digits, - and _, at most 100', name);
  checkOptions('NatsQueueOptions', options, RULES);
  const { connect, maxBodyBytes = 1_000_000, maxAwayMs = 30_000, maxDeliveries = 3 } = options;
  const { maxWaiting = DEFAULTS.maxWaiting, lockMs = DEFAULTS.lockMs } = options;
  if (options.servers === undefined && connect === undefined)
    throw new TypeError('NatsQueueOptions: must say which server, by servers or connect, got neither');
  if (options.servers !== undefined && connect !== undefined)
    fail('NatsQueueOptions', 'connect', 'is of no use beside servers', connect);
  const layout = layoutOf(options.prefix ?? 'tta', name);
  const say = sayer(name);
  const connection = new Connection({
    ...{ queueName: name, maxAwayMs },
    load: loadPackages,
    open: (packages) =>
      connect === undefined
        ? packages.connect({
            ...serversOf(options.servers ?? []),
            ...{ name: `tta ${name}`, pingInterval: PING_MS, maxPingOut: 2, maxReconnectAttempts: -1 },
            ...{ reconnectTimeWait: 250, reconnectJitter: 250 },
          })
        : connect().then(requireConnection),
    prepare: (manager) => prepare(manager, layout, options),
  });

  async function publish(job: QueuedJob, mark: string, signal?: AbortSignal): Promise<void> {
    let mayBeThere = false;
    try {
      await connection.call(async (link) => {
        requireRoom(link, job.body);
        const facts = link.headers();
        facts.set(HEADER.replyTo, job.replyTo);
        if (job.expiresInMs !== undefined) facts.set(HEADER.expiresInMs, `${Math.max(0, job.expiresInMs)}`);
        const wasThere = mayBeThere;
        mayBeThere = true;
        try {
          await link.jetstream.publish(layout.job(job.id), job.body, { msgID: `${job.id}${mark}`, headers: facts });
        } catch (error) {
          if (isRefusal(error)) mayBeThere = wasThere;
          throw error;
        }
      }, signal);
    } catch (error) {
      if (isThere(error)) return;
      if (isFull(error)) throw new QueueFullError(name, maxWaiting);
      if (!(error instanceof QueueAwayError) || !mayBeThere) throw error;
      throw new Error(`it is not known whether the queue ${name} has taken the job ${job.id}`, { cause: error });
    }
  }

  return {
    name,
    engine: 'nats',
    maxBodyBytes,
    async send(job, signal) {
      signal.throwIfAborted();
      requireBodySize(name, job.body, maxBodyBytes);
      await publish(job, '', signal);
    },
    open: (inbox) => openInbox({ connection, layout, say }, inbox),
    cancel: (id, message) => cancelJob(connection, layout, id, message),
    async tell(id, message) {
      await connection.call(async ({ nats }) => nats.publish(layout.tell(id), message));
    },
    work: (handler, work) => startNatsWorker({ connection, layout, lockMs, maxDeliveries, say }, handler, work),
    stats: () => connection.call((link) => readStats(link, layout, connection.now())),
    dead: deadJobs(connection, layout, (job, mark) => publish(job, `~${mark}`)),
    remove: () => connection.call(({ manager }) => removeStreams(manager, layout)),
    close: () => connection.close(),
  };
}

function requireConnection(made: unknown): NatsConnection {
  const check = having<NatsConnection>('isClosed', 'close', 'status', 'request');
  check('NatsQueueOptions', 'connect()', made);
  return made as NatsConnection;
}
