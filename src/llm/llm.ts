import { createPrimitive, type Primitive } from '../core/primitive.ts';
import { measure } from '../core/show.ts';
import { untilCancelled } from '../core/until-cancelled.ts';
import { modelCallTelemetry } from '../telemetry/record/llm.ts';
import type { Model, ModelReply, ModelRequest } from './model.ts';
import { PortCall, portOf } from './port-call.ts';
import { type LlmOptions, modelNames, requestOf, requireLlm } from './request.ts';
import { requireText } from './require-text.ts';
import { uncounted } from './uncounted.ts';

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
  const port = portOf(model, options);

  return createPrimitive<string | ModelRequest, ModelReply>({
    type: 'llm',
    ...modelNames(model, options.name),
    works: true,
    telemetry: modelCallTelemetry(port.asked),
    run: (input, context, observation) => {
      const request = requestOf(input, options);
      const call = new PortCall(port, context, observation);
      const work = async () => {
        const reserved = call.begin(request);
        if (reserved !== undefined) await reserved;
        let reply: ModelReply;
        try {
          reply = await uncounted(() => model.generate(request, { signal: context.signal }));
        } catch (error) {
          await call.failed(error);
          throw error;
        }
        const fault = faultOf(reply);
        await call.answered({ ...reply }, fault);
        if (fault !== undefined) throw fault.error;
        await call.tell(reply);
        return reply;
      };
      return untilCancelled(work(), context.scope);
    },
  });
}

/** Why a reply is an error, if it is one. */
function faultOf(reply: ModelReply): { readonly error: unknown } | undefined {
  try {
    if (typeof reply?.text !== 'string') {
      throw new TypeError(`llm: a Model must give a reply with a text, got ${measure(reply)}`);
    }
    requireText(reply.text, { finishReason: reply.finishReason });
    return undefined;
  } catch (error) {
    return { error };
  }
}
