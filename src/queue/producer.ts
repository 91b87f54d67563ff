/** The calls of one process that wait for the replies of one queue. */
import { inBackground } from '../platform/background.ts';
import type { ProducerRecorder } from '../telemetry/record/queue.ts';
import { watchDepth } from './depth-watch.ts';
import type { Inbox, JobQueue, QueueMessage } from './job-queue.ts';

/** What a job's messages go to. */
export interface Listener {
  receive(message: QueueMessage): void;
  /** Too late: it must forget the job. */
  abandon(): void;
}

interface Waiting {
  readonly listener: Listener;
  readonly end: () => void;
}

/** How long, and for how many calls, what comes after the caller has gone is still taken: it says what was spent. */
const LATE_MS = 60_000;
const MOST_LATE = 10_000;

/** One inbox for all calls, opened at the first. */
export class Producer {
  readonly #queue: JobQueue;
  readonly #record: ProducerRecorder;
  readonly #waiting = new Map<string, Waiting>();
  readonly #accepted = new Set<string>();
  /** The calls whose callers have gone. */
  readonly #late = new Map<string, Waiting>();
  #inbox: Promise<Inbox> | undefined;

  constructor(queue: JobQueue, record: ProducerRecorder) {
    this.#queue = queue;
    this.#record = record;
  }

  /** The address for replies. Opens the inbox anew where that has failed before. */
  async address(): Promise<string> {
    this.#inbox ??= this.#queue.open({
      on: (message) => this.#receive(message),
      waiting: () => this.#accepted,
      events: this.#record,
    });
    const inbox = this.#inbox;
    try {
      return (await inbox).address;
    } catch (error) {
      if (this.#inbox === inbox) this.#inbox = undefined;
      throw error;
    }
  }

  /** Gives the messages about the job to `listener`, until the call leaves or is forgotten. */
  listen(id: string, listener: Listener): void {
    this.#record.waiting(1);
    const unwatch = watchDepth(this.#queue, this.#record);
    const end = () => {
      this.#record.waiting(-1);
      unwatch();
    };
    this.#waiting.set(id, { listener, end });
  }

  /** The engine has the job: from now on it may be lost. */
  accepted(id: string): void {
    if (this.#waiting.has(id)) this.#accepted.add(id);
  }

  /** The caller waits no more. What still comes is taken for a while. */
  leave(id: string): void {
    const listener = this.#waiting.get(id)?.listener;
    this.#endWait(id);
    if (listener === undefined) return;
    const [oldest] = this.#late.values();
    if (this.#late.size >= MOST_LATE) oldest?.listener.abandon();
    const end = inBackground(LATE_MS, () => listener.abandon());
    this.#late.set(id, { listener, end });
  }

  /** No more is expected of the job. */
  forget(id: string): void {
    this.#endWait(id);
    this.#late.get(id)?.end();
    this.#late.delete(id);
  }

  #endWait(id: string): void {
    this.#accepted.delete(id);
    this.#waiting.get(id)?.end();
    this.#waiting.delete(id);
  }

  #receive(message: QueueMessage): void {
    const { id } = message;
    (this.#waiting.get(id) ?? this.#late.get(id))?.listener.receive(message);
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
