import { checkOptions, type Rules, requireName } from '../core/check.ts';
import { createPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { having, optional } from '../core/rules.ts';
import { distributeTelemetry, producerRecorder } from '../telemetry/record/queue.ts';
import { Call, type CallTarget } from './call.ts';
import { type Codec, codecRule } from './codec.ts';
import { StreamNotDistributableError } from './errors.ts';
import type { JobQueue } from './job-queue.ts';
import { jsonCodec } from './json-codec.ts';
import { producerOf } from './producer.ts';

export interface DistributeOptions {
  /** The queue that brings the input to a worker, such as `bullmqQueue`. */
  readonly queue: JobQueue;
  /** How inputs and outputs become text. The workers need a codec with the same name. @default `jsonCodec` */
  readonly codec?: Codec | undefined;
}

const RULES: Rules<DistributeOptions> = {
  queue: having<JobQueue>('send', 'open', 'cancel', 'tell'),
  codec: optional(codecRule),
};

/**
 * Runs a primitive on a worker: hands the input to a queue, and resolves with the worker's output. The work is part of the
 * caller's trace and run: ids, tags, tenant, what is left of a timeout, cancellation and budgets reach the worker. What it
 * counts adds up to what one process would count: its workflows are counted here, all else by the worker. An abort rejects
 * at once, takes a job that waits out of the queue, and ends one that runs.
 *
 * A job is done at least once: a worker may die in the middle of it, and another one then does it again. It gives
 * `context.idempotencyKey` to what must not happen twice. Nothing else is tried again: put `retry` around, which makes a new
 * job of each try.
 *
 * @param name the name of the primitive's export in the worker's module
 * @example
 * const remote = distribute('summarise', summarise, { queue: bullmqQueue('texts', { url: 'redis://127.0.0.1:6379' }) });
 * @throws TypeError when the name is empty, `primitive` is no primitive or an option is wrong
 * @throws StreamNotDistributableError when the output of `primitive` is always a stream, and at execution when it is one: a
 * worker that starts a job again would repeat the chunks that were read already
 * @throws at execution the error of the work; a TypeError or PayloadTooLargeError where the input or the output cannot cross;
 * QueueFullError or QueueAwayError where the job was not accepted; JobLostError, JobDeadError or UnreadableReplyError where
 * there is no answer
 */
export function distribute<In, Out>(
  name: string,
  primitive: Primitive<In, Out>,
  options: DistributeOptions,
): Primitive<In, Out> {
  requireName('distribute', name);
  checkOptions('DistributeOptions', options, RULES);
  const inner = requirePrimitive('distribute', 'primitive', primitive);
  if (inner.streams) throw new StreamNotDistributableError(inner.messageName);
  const { queue, codec = jsonCodec } = options;
  const record = producerRecorder(queue.name);
  const target: CallTarget = { name, queue, codec, record, producer: producerOf(queue, record) };

  return createPrimitive<In, Out>({
    type: 'distribute',
    name,
    // Metrics that say who answered say the same as where the primitive runs here.
    answering: inner,
    isWay: true,
    works: true,
    telemetry: distributeTelemetry,
    run: async (input, context, observation) => (await new Call(target, context, observation).run(input)) as Out,
  });
}
