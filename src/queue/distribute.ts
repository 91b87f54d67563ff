import { randomUUID } from 'node:crypto';
import { inject } from '../core/carrier.ts';
import { checkOptions, type Rules, requireName } from '../core/check.ts';
import type { ExecutionContext } from '../core/context.ts';
import { createPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { having, optional } from '../core/rules.ts';
import { untilCancelled } from '../core/until-cancelled.ts';
import { distributeTelemetry, producerRecorder } from '../telemetry/record/queue.ts';
import { type Codec, decodeValue, encodeValue } from './codec.ts';
import { type JobHead, readReply, VERSION, whyNot, write } from './envelope.ts';
import { errorOf, recordOf } from './error-record.ts';
import { JobDeadError, JobLostError, UnreadableReplyError } from './errors.ts';
import type { JobQueue, QueueMessage } from './job-queue.ts';
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
  codec: optional(having<Codec>('encode', 'decode')),
};

/**
 * Runs a primitive on a worker: hands the input to a queue, and resolves with the worker's output.
 *
 * @param name the name of the primitive's export in the worker's module
 * @example
 * const remote = distribute('summarise', summarise, { queue: bullmqQueue('texts', { url: 'redis://127.0.0.1:6379' }) });
 * @throws TypeError when the name is empty, `primitive` is no primitive or an option is wrong
 */
export function distribute<In, Out>(
  name: string,
  primitive: Primitive<In, Out>,
  options: DistributeOptions,
): Primitive<In, Out> {
  requireName('distribute', name);
  checkOptions('DistributeOptions', options, RULES);
  requirePrimitive('distribute', 'primitive', primitive);
  const { queue, codec = jsonCodec } = options;
  const record = producerRecorder(queue.name);
  const producer = producerOf(queue, record);

  return createPrimitive<In, Out>({
    type: 'distribute',
    name,
    works: true,
    telemetry: distributeTelemetry,
    run: async (input, context) => {
      const limit = { what: 'input', maxBytes: queue.maxBodyBytes } as const;
      const payload = encodeValue(codec, input, limit);
      const id = randomUUID();
      const head = headOf(name, codec, context);
      const answer = deferred<Out>();
      const settle = (message: QueueMessage) => {
        if ('lost' in message) {
          record.lost();
          answer.reject(new JobLostError(queue.name, id));
        } else if ('dead' in message) answer.reject(new JobDeadError(queue.name, id, message.dead));
        else settleBy(message.body);
      };
      const settleBy = (body: Uint8Array) => {
        const reply = readReply(body);
        if (reply.is === 'ok' && reply.head.kind === 'error') return answer.reject(errorOf(reply.head.error));
        const output = reply.is === 'ok' ? decodeValue(codec, reply.payload) : reply;
        if (output.is === 'ok') answer.resolve(output.value as Out);
        else answer.reject(new UnreadableReplyError(queue.name, id, whyNot(output)));
      };
      const unlisten = producer.listen(id, settle);
      const unlistenCancel = context.onCancel((reason) => {
        const outcome = context.cancellation ?? 'cancelled';
        const message = write({ v: VERSION, kind: 'cancel', outcome, reason: recordOf(reason) });
        queue.cancel(id, message).catch((error: unknown) => record.failed('cancel', error));
      });
      try {
        const replyTo = await untilCancelled(producer.address(), context.scope);
        await untilCancelled(
          queue.send({ id, replyTo, body: write(head, payload, limit) }, context.signal),
          context.scope,
        );
        producer.accepted(id);
        return await untilCancelled(answer.promise, context.scope);
      } finally {
        unlisten();
        unlistenCancel();
      }
    },
  });
}

function headOf(name: string, codec: Codec, context: ExecutionContext): JobHead {
  return {
    v: VERSION,
    name,
    codec: codec.name,
    carrier: inject(context, {}),
    tenant: context.tenant,
    tags: context.tags,
    workflow: context.workflowName,
    attempt: context.attempt,
  };
}

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}
