/** The calls of one process that wait for the replies of one queue. */
import type { ProducerRecorder } from '../telemetry/record/queue.ts';
import { watchDepth } from './depth-watch.ts';
import type { Inbox, JobQueue, QueueMessage } from './job-queue.ts';

export type OnMessage = (message: QueueMessage) => void;

/** One inbox for all calls, opened at the first. */
export class Producer {
  readonly #queue: JobQueue;
  readonly #record: ProducerRecorder;
  readonly #waiting = new Map<string, OnMessage>();
  readonly #accepted = new Set<string>();
  #inbox: Promise<Inbox> | undefined;

  constructor(queue: JobQueue, record: ProducerRecorder) {
    this.#queue = queue;
    this.#record = record;
  }

  /** The address for replies. Opens the inbox anew where that has failed before. */
  async address(): Promise<string> {
    this.#inbox ??= this.#queue.open({
      on: (message) => this.#waiting.get(message.id)?.(message),
      waiting: () => this.#accepted,
      events: this.#record,
    });
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
    const unwatch = watchDepth(this.#queue, this.#record);
    return () => {
      this.#accepted.delete(id);
      if (!this.#waiting.delete(id)) return;
      this.#record.waiting(-1);
      unwatch();
    };
  }

  /** The engine has the job: from now on it may be lost. */
  accepted(id: string): void {
    if (this.#waiting.has(id)) this.#accepted.add(id);
  }
}

const producers = new WeakMap<JobQueue, Producer>();

export function producerOf(queue: JobQueue, record: ProducerRecorder): Producer {
  let producer = producers.get(queue);
  if (producer === undefined) {
    producer = new Producer(queue, record);
    producers.set(queue, producer);
  }
  return producer;
}
