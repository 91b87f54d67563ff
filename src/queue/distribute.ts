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
 * Runs a primitive on a worker: hands the input to a queue, and resolves with the worker's output.
 *
 * @param name the name of the primitive's export in the worker's module
 * @example
 * const remote = distribute('summarise', summarise, { queue: bullmqQueue('texts', { url: 'redis://127.0.0.1:6379' }) });
 * @throws TypeError when the name is empty, `primitive` is no primitive or an option is wrong
 * @throws StreamNotDistributableError when the output of `primitive` is always a stream, and at execution when it is one: a
 * worker that starts a job again would repeat the chunks that were read already
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
