/** What a worker process and the program that has started it say to one another. */
import type { DrainReport } from '../../queue/index.ts';
import type { RegisterOptions } from '../../sdk/index.ts';
import type { QueuePlace } from './engine.ts';

export interface WorkerSettings<Work> {
  /** @default the queue that the work brings */
  readonly queue: QueuePlace | undefined;
  /** Whether the queue ends with the program: the workers delete it when that has crashed. */
  readonly isOwnQueue: boolean;
  readonly concurrency: number;
  /** Whether it says when the queue does not answer. */
  readonly watches: boolean;
  /** How long the jobs that run may go on after the order to stop, in milliseconds. */
  readonly graceMs: number;
  /** What can be sent to another process. */
  readonly telemetry: Pick<RegisterOptions, 'modelCalls' | 'traces'>;
  /** What this kind of worker must know to make its primitives. */
  readonly work: Work;
}

export interface ReadyWorker {
  /** The name of the queue, and the word for its engine. */
  readonly queue: { readonly name: string; readonly engine: string };
  readonly primitives: readonly string[];
  /** Exports that a worker does not take. */
  readonly leftOut: readonly string[];
  /** `undefined` where there is no endpoint. */
  readonly metricsUrl: string | undefined;
  /** Why there is none, if there should be one. */
  readonly metricsError: string | undefined;
}

/** The metrics of a worker as text, and the error that it has seen last. */
export interface WorkerReading {
  readonly metrics: string;
  readonly lastError: string | undefined;
}

/** From the program to the worker. */
export type WorkerCommand<Work> =
  | { readonly start: WorkerSettings<Work> }
  | { readonly stop: true }
  | { readonly read: number };

/** From the worker to the program. */
export type WorkerMessage =
  /** It has its primitives, and asks the queue for jobs. */
  | { readonly ready: ReadyWorker }
  /** It cannot work, and a second start would not change that. */
  | { readonly failed: string }
  /** Why the queue does not answer. One worker of all says it, and when it answers again. */
  | { readonly away: string }
  | { readonly back: true }
  | { readonly stopped: DrainReport }
  | { readonly reading: WorkerReading; readonly id: number };
