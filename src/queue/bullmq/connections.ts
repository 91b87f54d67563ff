/** The connections of a queue to Redis. */
import type { Redis } from 'ioredis';
import { type Client, withCommands } from './commands.ts';

/** Options of an ioredis client, which a queue needs as they are. */
export interface RedisSettings {
  readonly maxRetriesPerRequest: number | null;
  readonly enableOfflineQueue: boolean;
  readonly autoResendUnfulfilledCommands: boolean;
  /** A queue subscribes again itself: ioredis would not catch the failure of its own try, which ends the process. */
  readonly autoResubscribe: false;
  /** The wait before the connection is tried again, in milliseconds. */
  readonly retryStrategy: (times: number) => number;
  /** The name in `CLIENT LIST`. */
  readonly connectionName: string;
}

/**
 * `prompt`: a command fails at once when Redis is away. `patient`: it waits, and is sent again after a cut, as BullMQ
 * needs it for its workers.
 */
export type Manner = 'prompt' | 'patient';

/** The first wait before Redis is tried again, and the longest, in milliseconds. */
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 1_000;
/** BullMQ adds listeners for each of its parts. It subtracts from this number, which therefore must not be 0. */
const MANY_LISTENERS = 100;

function retryMs(times: number): number {
  const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(times - 1, 10));
  return Math.ceil(longest * (0.5 + Math.random() / 2));
}

function settingsOf(manner: Manner, connectionName: string): RedisSettings {
  const isPatient = manner === 'patient';
  return {
    maxRetriesPerRequest: isPatient ? null : 0,
    enableOfflineQueue: isPatient,
    autoResendUnfulfilledCommands: isPatient,
    autoResubscribe: false,
    retryStrategy: retryMs,
    connectionName,
  };
}

/** A timer, or a socket. */
type Held = Partial<Record<'ref' | 'unref', () => void>>;
type Socket = Held & Partial<Record<'cork' | 'uncork', () => void>> & { readonly writableCorked?: number };

/** A client of a cluster does not show its sockets. */
interface Parts {
  readonly stream?: Socket | null;
  readonly reconnectTimeout?: Held | null;
}

function partsOf(client: Redis): Parts {
  return client as unknown as Parts;
}

/** What is sent at one moment leaves in one write, which costs more than the rest of a command. */
function writeTogether(client: Redis): void {
  const { sendCommand } = client;
  client.sendCommand = (...all) => {
    const { stream } = partsOf(client);
    if (stream?.writableCorked === 0) {
      stream.cork?.();
      process.nextTick(() => stream.uncork?.());
    }
    return sendCommand.apply(client, all);
  };
}

export class Connections {
  readonly #name: string;
  readonly #make: (settings: RedisSettings) => Redis;
  readonly #clients = new Set<Redis>();
  #holds: boolean;

  /** @param holds whether they keep the process alive */
  constructor(queueName: string, make: (settings: RedisSettings) => Redis, holds: boolean) {
    this.#holds = holds;
    // Redis takes no spaces in it.
    this.#name = `tta-${queueName.replaceAll(/[^\w.-]/g, '-')}`;
    this.#make = make;
  }

  open(manner: Manner): Client {
    return withCommands(this.#keep(this.#make(settingsOf(manner, this.#name))));
  }

  #keep(client: Redis): Redis {
    this.#clients.add(client);
    client.setMaxListeners(MANY_LISTENERS);
    // Without a listener ioredis prints each error. Those that matter are seen where commands fail.
    client.on('error', () => {});
    client.on('end', () => this.#clients.delete(client));
    client.on('connect', () => this.#apply(client));
    client.on('reconnecting', () => this.#apply(client));
    writeTogether(client);
    // BullMQ makes a second connection of the one that it is given.
    const { duplicate } = client;
    client.duplicate = (...all) => this.#keep(duplicate.apply(client, all));
    return client;
  }

  /** Whether the connections keep the process alive, which they must while somebody waits. */
  set holds(holds: boolean) {
    if (holds === this.#holds) return;
    this.#holds = holds;
    for (const client of this.#clients) this.#apply(client);
  }

  /** A client of a cluster shows neither its sockets nor its timers: it keeps the process alive until it is closed. */
  #apply(client: Redis): void {
    const { stream, reconnectTimeout } = partsOf(client);
    for (const held of [stream, reconnectTimeout]) {
      if (this.#holds) held?.ref?.();
      else held?.unref?.();
    }
  }

  close(): void {
    for (const client of this.#clients) client.disconnect();
  }
}
