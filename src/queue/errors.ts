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

/** The engine of the queue cannot be reached, or takes nothing. The job was not accepted. */
export class QueueAwayError extends Error {
  override readonly name = 'QueueAwayError';
  readonly [VERDICT] = 'failure';
  readonly queueName: string;

  constructor(queueName: string, why: string, cause?: unknown) {
    super(`the queue ${queueName} took no job: ${why}`, cause === undefined ? undefined : { cause });
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

acrossCopies({ QueueFullError, QueueAwayError, JobLostError, JobDeadError, StreamNotDistributableError });
