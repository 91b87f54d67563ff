/** The calls of one process that wait for the replies of one queue. */
import type { QueueRecorder } from '../telemetry/record/queue.ts';
import type { Inbox, JobQueue, QueueMessage } from './job-queue.ts';

export type OnMessage = (message: QueueMessage) => void;

/** One inbox for all calls, opened at the first. */
export class Producer {
  readonly #queue: JobQueue;
  readonly #record: QueueRecorder;
  readonly #waiting = new Map<string, OnMessage>();
  #inbox: Promise<Inbox> | undefined;

  constructor(queue: JobQueue, record: QueueRecorder) {
    this.#queue = queue;
    this.#record = record;
  }

  /** The address for replies. Opens the inbox anew where that has failed before. */
  async address(): Promise<string> {
    this.#inbox ??= this.#queue.open((message) => this.#waiting.get(message.id)?.(message), this.#record);
    try {
      return (await this.#inbox).address;
    } catch (error) {
      this.#inbox = undefined;
      throw error;
    }
  }

  /** Calls `on` for each message to the job. Returns a function that ends it. */
  listen(id: string, on: OnMessage): () => void {
    this.#waiting.set(id, on);
    this.#record.waiting(1);
    return () => {
      if (this.#waiting.delete(id)) this.#record.waiting(-1);
    };
  }
}

const producers = new WeakMap<JobQueue, Producer>();

export function producerOf(queue: JobQueue, record: QueueRecorder): Producer {
  let producer = producers.get(queue);
  if (producer === undefined) {
    producer = new Producer(queue, record);
    producers.set(queue, producer);
  }
  return producer;
}
