/** The errors of a queue. Their facts and messages follow the rules of `core/errors.ts`. */
import { acrossCopies } from '../platform/process-wide.ts';
import { VERDICT } from '../telemetry/verdict.ts';

/** The queue has as many waiting jobs as it may have. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError';
  readonly [VERDICT] = 'rejected';
  readonly queueName: string;
  readonly maxWaiting: number;

  constructor(queueName: string, maxWaiting: number) {
    super(`the queue ${queueName} is full: ${maxWaiting} jobs wait, which is all it may hold`);
    this.queueName = queueName;
    this.maxWaiting = maxWaiting;
  }
}

/** The engine of the queue cannot be reached, or takes nothing. If a job was sent, it was not accepted. */
export class QueueAwayError extends Error {
  override readonly name = 'QueueAwayError';
  readonly [VERDICT] = 'failure';
  readonly queueName: string;

  constructor(queueName: string, why: string, cause?: unknown) {
    super(`the queue ${queueName} is not available: ${why}`, cause === undefined ? undefined : { cause });
    this.queueName = queueName;
  }
}

/** The queue has lost an accepted job: its engine was restarted without what it had kept. */
export class JobLostError extends Error {
  override readonly name = 'JobLostError';
  readonly [VERDICT] = 'failure';
  readonly queueName: string;
  readonly jobId: string;

  constructor(queueName: string, jobId: string) {
    super(`the queue ${queueName} has lost the job ${jobId}: it is not known whether a worker did it`);
    this.queueName = queueName;
    this.jobId = jobId;
  }
}

/** A job was given up, and is in the list of dead jobs: `tta queue` shows it. */
export class JobDeadError extends Error {
  override readonly name = 'JobDeadError';
  readonly [VERDICT] = 'failure';
  readonly queueName: string;
  readonly jobId: string;

  constructor(queueName: string, jobId: string, why: string) {
    super(`the queue ${queueName} has given up the job ${jobId}: ${why}`);
    this.queueName = queueName;
    this.jobId = jobId;
  }
}

/** A stream cannot cross a queue: it can be read only once, and a job may run twice. */
export class StreamNotDistributableError extends Error {
  override readonly name = 'StreamNotDistributableError';
  readonly [VERDICT] = 'rejected';
  readonly primitiveName: string;

  constructor(primitiveName: string) {
    super(
      `${primitiveName} gives a stream, which cannot cross a queue; read it to its end in the worker and give the whole`,
    );
    this.primitiveName = primitiveName;
  }
}

/** An input or an output is larger than what the queue takes. For an output, the work was done. */
export class PayloadTooLargeError extends Error {
  override readonly name = 'PayloadTooLargeError';
  readonly [VERDICT]: 'rejected' | 'failure';
  readonly what: 'input' | 'output';
  /** The most that the queue takes, in bytes. */
  readonly maxBytes: number;

  constructor(what: 'input' | 'output', maxBytes: number) {
    const done = what === 'output' ? '; the work was done' : '';
    super(`the ${what} is larger than ${maxBytes} bytes, which is the most that the queue takes${done}`);
    this[VERDICT] = what === 'input' ? 'rejected' : 'failure';
    this.what = what;
    this.maxBytes = maxBytes;
  }
}

/** The reply of a worker cannot be read: the worker is newer than this program, or something else wrote the reply. */
export class UnreadableReplyError extends Error {
  override readonly name = 'UnreadableReplyError';
  readonly [VERDICT] = 'failure';
  readonly queueName: string;
  readonly jobId: string;

  constructor(queueName: string, jobId: string, why: string) {
    super(`the reply to the job ${jobId} of the queue ${queueName} cannot be read: ${why}`);
    this.queueName = queueName;
    this.jobId = jobId;
  }
}

/** The program that has asked for a job does not answer, so its budget cannot be asked: the model call was not made. */
export class CallerAwayError extends Error {
  override readonly name = 'CallerAwayError';
  readonly [VERDICT] = 'failure';
  readonly queueName: string;
  readonly silentMs: number;

  constructor(queueName: string, silentMs: number) {
    super(`the caller of a job of the queue ${queueName} says nothing for ${silentMs} ms: its budget cannot be asked`);
    this.queueName = queueName;
    this.silentMs = silentMs;
  }
}

acrossCopies({
  CallerAwayError,
  QueueFullError,
  QueueAwayError,
  JobLostError,
  JobDeadError,
  StreamNotDistributableError,
  PayloadTooLargeError,
  UnreadableReplyError,
});
