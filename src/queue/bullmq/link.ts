/** What a process needs to send jobs and to look at the queue: made at the first use, and shared. */
import type { Queue } from 'bullmq';
import { type Client, extendBullmq } from './commands.ts';
import type { Connections } from './connections.ts';
import { Gate } from './gate.ts';
import type { Say } from './say.ts';
import { checkServer } from './server-check.ts';

export interface LinkOptions {
  readonly name: string;
  readonly prefix: string;
  readonly maxWaiting: number;
  readonly bullmq: typeof import('bullmq');
  readonly connections: Connections;
  readonly say: Say;
}

export interface Link {
  readonly bullmq: typeof import('bullmq');
  readonly connections: Connections;
  readonly commands: Client;
  readonly gate: Gate;
  /** The queue of BullMQ. Call it when the gate has let you pass. */
  queue(): Promise<Queue>;
}

/** How many events BullMQ keeps in Redis. We read none. */
const KEPT_EVENTS = 1_000;

export function makeLink({ name, prefix, maxWaiting, bullmq, connections, say }: LinkOptions): Link {
  const commands = connections.open('prompt');
  const isExtended = extendBullmq(commands, { maxWaiting });
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
