import { createPrimitive, type Primitive } from '../core/primitive.ts';
import { measure } from '../core/show.ts';
import { untilCancelled } from '../core/until-cancelled.ts';
import { readProperty } from '../platform/read-property.ts';
import { modelCallRecorder, modelCallTelemetry } from '../telemetry/record/llm.ts';
import { billedUsage, billing } from './billing.ts';
import type { Model, ModelReply, ModelRequest } from './model.ts';
import { type LlmOptions, modelNames, requestOf, requireLlm } from './request.ts';
import { requireText } from './require-text.ts';

/**
 * Calls a model. A text is a request with one user message. Tokens and dollars are counted when the model has answered,
 * even if the execution has ended: the cost of a call that was aborted after it was sent is counted too. A request is
 * never repeated: put a `retry` around `llm`.
 *
 * @example
 * const ask = llm(openAICompatible({ model: 'gpt-4o-mini' }), { maxTokens: 200 });
 * const { text, usage } = await ask.execute('What is a span?');
 * @throws TypeError, RangeError at construction when `model` is not a Model or an option is wrong
 */
export function llm(model: Model, options: LlmOptions = {}): Primitive<string | ModelRequest, ModelReply> {
  requireLlm(model, options);
  const { captureContent = false } = options;
  const record = modelCallRecorder(model);
  const bill = billing(model, record, options.prices);

  return createPrimitive<string | ModelRequest, ModelReply>({
    type: 'llm',
    ...modelNames(model, options.name),
    works: true,
    telemetry: modelCallTelemetry(model),
    run: (input, context, observation) => {
      const request = requestOf(input, options);
      record.requested(observation, request, captureContent);
      const call = async () => {
        try {
          const reply = await model.generate(request, { signal: context.signal });
          await bill(observation, context, readProperty(reply, 'usage'));
          if (typeof reply?.text !== 'string')
            throw new TypeError(`llm: a Model must give a reply with a text, got ${measure(reply)}`);
          requireText(reply.text, { finishReason: reply.finishReason });
          record.answered(observation, reply, captureContent);
          return reply;
        } catch (error) {
          const usage = billedUsage(error);
          if (usage !== undefined) await bill(observation, context, usage);
          throw error;
        }
      };
      return untilCancelled(call(), context.scope);
    },
  });
}
