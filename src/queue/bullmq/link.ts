/** What a process needs to send jobs and to look at the queue: made at the first use, and shared. */
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { afterCallbacks } from '../../platform/background.ts';
import { QueueAwayError } from '../errors.ts';
import type { Say } from '../say.ts';
import { type Client, extendBullmq } from './commands.ts';
import { Connections, type RedisSettings } from './connections.ts';
import { isReply, withoutCommand } from './errors.ts';
import { Gate } from './gate.ts';
import { loadBullmq } from './packages.ts';
import type { Limits } from './scripts.ts';
import { checkServer } from './server-check.ts';

export interface LinkOptions {
  readonly name: string;
  readonly prefix: string;
  readonly limits: Limits;
  /** How long a look at the queue waits for Redis, in milliseconds. */
  readonly lookMs: number;
  readonly connector: () => Promise<(settings: RedisSettings) => Redis>;
  readonly say: Say;
}

export interface Linked {
  readonly bullmq: typeof import('bullmq');
  readonly connections: Connections;
  readonly commands: Client;
  readonly gate: Gate;
  /** The queue of BullMQ. Call it when the gate has let you pass. */
  queue(): Promise<Queue>;
}

/** How many events BullMQ keeps in Redis. We read none. */
const KEPT_EVENTS = 1_000;

export class Link {
  readonly #options: LinkOptions;
  readonly #opened = new Set<Connections>();
  /** Each gives the jobs that an inbox waits for. */
  readonly waiting = new Set<() => Iterable<string>>();
  #made: Promise<Linked> | undefined;
  #isClosed = false;
  #uses = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Loads the packages. @param holds whether the connections keep the process alive */
  async load(holds: boolean): Promise<Pick<Linked, 'bullmq' | 'connections'>> {
    const { name, connector } = this.#options;
    if (this.#isClosed) throw new QueueAwayError(name, 'it is closed here');
    const bullmq = await loadBullmq();
    const connections = new Connections(name, await connector(), holds);
    this.#opened.add(connections);
    return { bullmq, connections };
  }

  /** The process does not end while `act` is under way. */
  async use<T>(act: (linked: Linked) => Promise<T>): Promise<T> {
    this.#made ??= this.#make();
    const linked = await this.#made.catch((error: unknown) => {
      this.#made = undefined;
      throw error;
    });
    this.#uses += 1;
    linked.connections.holds = true;
    try {
      return await act(linked);
    } catch (error) {
      throw isReply(error) ? withoutCommand(error) : error;
    } finally {
      this.#uses -= 1;
      this.letGo(linked);
    }
  }

  /** As `use`, when Redis is there: what looks at the queue does not wait for long. */
  look<T>(act: (linked: Linked) => Promise<T>): Promise<T> {
    return this.use(async (linked) => {
      await linked.gate.pass(this.#options.lookMs);
      return await act(linked);
    });
  }

  /** Once nobody waits, the process may end. Callers go on in the callbacks that are due. */
  letGo({ connections }: Linked): void {
    afterCallbacks(() => {
      connections.holds = this.#uses > 0 || [...this.waiting].some((waiting) => !isEmpty(waiting()));
    });
  }

  async #make(): Promise<Linked> {
    const { name, prefix, limits, say } = this.#options;
    const { bullmq, connections } = await this.load(false);
    const commands = connections.open('prompt');
    const isExtended = extendBullmq(commands, { limits });
    commands.once('ready', () => void checkServer(commands, say));
    let made: Queue | undefined;
    return {
      bullmq,
      connections,
      commands,
      gate: new Gate(name, commands),
      async queue() {
        if (made === undefined) {
          const streams = { events: { maxLen: KEPT_EVENTS } };
          made = new bullmq.Queue(name, { connection: commands, prefix, streams });
          made.on('error', () => {});
        }
        const queue = made;
        try {
          await queue.waitUntilReady();
        } catch (error) {
          // A queue of BullMQ whose first words with Redis were cut off never becomes ready.
          if (made === queue) made = undefined;
          throw error;
        }
        if (!isExtended()) throw new Error('this version of bullmq adds jobs in a way that bullmqQueue does not know');
        return queue;
      },
    };
  }

  close(): void {
    this.#isClosed = true;
    for (const connections of this.#opened) connections.close();
    this.#opened.clear();
    this.#made = undefined;
  }
}

function isEmpty(all: Iterable<unknown>): boolean {
  for (const _ of all) return false;
  return true;
}
