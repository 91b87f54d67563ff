/**
 * The port to a queue engine. An engine keeps jobs and brings bytes; what is in them, who counts and what is tried again
 * is not its business.
 *
 * Every method waits for an engine that cannot be reached, for at most the `maxAwayMs` of the engine's options, and rejects
 * with `QueueAwayError` then. None waits longer than its signal.
 */

/** A job as an engine keeps it. */
export interface QueuedJob {
  /** Unique. A job that is sent again with the same id is one job. */
  readonly id: string;
  /** The address of the inbox that wants the replies. */
  readonly replyTo: string;
  /** A text in UTF-8. */
  readonly body: Uint8Array;
  /** The caller waits for the job for so many milliseconds from its acceptance, by the engine's clock. */
  readonly expiresInMs?: number | undefined;
}

/** What an inbox gets. It may come twice, late, or for a job that this process does not know. */
export type QueueMessage =
  | { readonly id: string; readonly body: Uint8Array }
  /** It is proven that the job is gone, and that no reply to it is under way. */
  | { readonly id: string; readonly lost: true }
  /** The job has ended in the list of dead jobs. */
  | { readonly id: string; readonly dead: string };

/** What an engine needs of the process that waits for replies. */
export interface InboxOptions {
  /** Gets each message. It must not throw. */
  readonly on: (message: QueueMessage) => void;
  /** The ids of the accepted jobs whose end this process still waits for. The engine looks from time to time whether it has them. */
  readonly waiting: () => Iterable<string>;
  readonly events: Pick<EngineEvents, 'failed'>;
}

/** Where the replies to the jobs of this process arrive. */
export interface Inbox {
  readonly address: string;
  close(): Promise<void>;
}

/** How a worker ends its part in a job. */
export type JobEnd =
  /** The engine sends `reply` as `JobRun.reply` does, and then ends the job. */
  | { readonly end: 'done'; readonly reply?: Uint8Array | undefined }
  /** Another worker may start it, after so many milliseconds. It counts as no try. */
  | { readonly end: 'handed_back'; readonly delayMs: number }
  /** It goes to the list of dead jobs. */
  | { readonly end: 'dead'; readonly why: string };

/** One start of a job on a worker. */
export interface JobRun {
  /** 1 for the first start. It grows when the worker that had the job has gone, not when the job was handed back. */
  readonly delivery: number;
  /** How long the job has waited until this start, in milliseconds, by the engine's clock; `undefined` if it is unknown. */
  readonly waitedMs: number | undefined;
  /** For how long the caller still waits for the job, in milliseconds; `undefined` for ever. */
  readonly expiresInMs: number | undefined;
  /** Aborts when the engine has taken the job from this worker: another one may run it now. */
  readonly signal: AbortSignal;
  /** Calls `on` for each message of `cancel` and `tell`, also for a `cancel` from before the start. */
  onMessage(on: (message: Uint8Array) => void): void;
  /** Sends to the inbox of the job. Tries again until it is kept, or the signal aborts. */
  reply(body: Uint8Array): Promise<void>;
}

/** Runs a job. It must not reject: an engine treats that as `dead`. */
export type JobHandler = (job: QueuedJob, run: JobRun) => Promise<JobEnd>;

export interface DrainReport {
  readonly finished: number;
  readonly handedBack: number;
  /** Still running at the end of the grace: another worker starts them when their locks expire. */
  readonly left: number;
}

export interface WorkerHandle {
  /** How many jobs this worker runs now. */
  readonly running: number;
  /**
   * Takes no more jobs, and waits for those that run, at most `graceMs` milliseconds. The signals of those that are left
   * abort then, and what they still say is ignored.
   */
  drain(graceMs: number): Promise<DrainReport>;
}

export interface QueueStats {
  readonly waiting: number;
  readonly running: number;
  readonly delayed: number;
  readonly dead: number;
  /** The age of the job that has waited longest, in milliseconds; `undefined` if none waits. */
  readonly oldestMs: number | undefined;
  /** How many workers the engine knows of; `undefined` if it does not know. */
  readonly workers: number | undefined;
}

export interface DeadJob {
  readonly id: string;
  readonly why: string;
  /** How often it was started. */
  readonly deliveries: number;
  /** When it was sent and when it died, in milliseconds since the Unix epoch; `undefined` if it is unknown. */
  readonly sentAt: number | undefined;
  readonly diedAt: number | undefined;
  /** `undefined` if it cannot be read. */
  readonly body: Uint8Array | undefined;
}

/** Jobs that were given up, until they are retried, dropped, or too old. */
export interface DeadJobs {
  /** The newest first. */
  list(from: number, count: number): AsyncIterable<DeadJob>;
  /** `undefined` for a job that is not there. */
  get(id: string): Promise<DeadJob | undefined>;
  /** False for a job that is not there. */
  retry(id: string): Promise<boolean>;
  drop(id: string): Promise<boolean>;
}

/** What an engine says of itself. Each is counted. */
export interface EngineEvents {
  /** The engine failed in this operation, such as `send`, `work` or `reply`. */
  failed(operation: string, error: unknown): void;
  /** The worker stood still although jobs waited, and was started anew. */
  restarted(): void;
  /** The engine itself has moved a job to the list of dead jobs: it `crashed` its workers, or cannot be read. Once per job. */
  died(reason: 'crashed' | 'unreadable'): void;
}

export interface WorkOptions {
  /** How many jobs run at the same time. */
  readonly concurrency: number;
  readonly events: EngineEvents;
}

export interface JobQueue {
  /** The name of the queue: the `queue_name` of the metrics. */
  readonly name: string;
  /** The word for the engine, such as `bullmq`. */
  readonly engine: string;
  /** The largest body, in bytes, that the engine takes. */
  readonly maxBodyBytes: number;
  /**
   * Resolves when the job is accepted and kept. Rejects with `QueueFullError` or `QueueAwayError` (it was not accepted),
   * a `RangeError` for a body that is too large, or `signal.reason`; after any other error it is unknown, and the same job
   * may be sent again. Once the signal has aborted it is not sent, but for a request that was already under way.
   */
  send(job: QueuedJob, signal: AbortSignal): Promise<void>;
  /** Opens the inbox of this process. */
  open(options: InboxOptions): Promise<Inbox>;
  /**
   * Best effort: the caller has given up the job. It is removed if it waits or is delayed, and started no more. If a worker
   * has it, that one gets the message. True where it is certain that it was removed before a worker had it: no reply
   * comes then.
   */
  cancel(id: string, message: Uint8Array): Promise<boolean>;
  /** Best effort, at most once: to the worker that runs the job. */
  tell(id: string, message: Uint8Array): Promise<void>;
  /** Begins to take jobs. Where the engine cannot be reached, the worker waits for it, says so in the log, and goes on by itself. */
  work(handler: JobHandler, options: WorkOptions): Promise<WorkerHandle>;
  stats(): Promise<QueueStats>;
  readonly dead: DeadJobs;
  /** Deletes the queue with all that it holds, also for other processes. Its workers and callers are not told: end them before. */
  remove(): Promise<void>;
  /** Closes what the queue has opened itself. Does not wait for an engine that cannot be reached. */
  close(): Promise<void>;
}
