import { fail } from '../core/check.ts';
import { createPrimitive, type Primitive } from '../core/primitive.ts';
import { untilCancelled } from '../core/until-cancelled.ts';
import { modelCallTelemetry } from '../telemetry/record/llm.ts';
import { GatheredReply } from './gathered-reply.ts';
import type { Model, ModelRequest } from './model.ts';
import { PortCall, portOf } from './port-call.ts';
import { type LlmOptions, modelNames, requestOf, requireLlm } from './request.ts';
import { requireText } from './require-text.ts';
import { uncounted } from './uncounted.ts';

/**
 * Calls a model and gives its reply as a stream of texts. The execution resolves with the first chunk, so that
 * `retry`, `timeout` and `fallback` around it cover the connection, and lasts until the reply has ended. A reply that
 * ends before the provider has sent the usage counts as unmetered. At its end the reply is judged as that of `llm`: a reply
 * without a text, or one that `openAICompatible` finds cut off, is an error.
 *
 * @example
 * const ask = llmStream(openAICompatible({ model: 'gpt-4o-mini' }));
 * for await (const text of await ask.execute('What is a span?')) show(text);
 * @throws TypeError, RangeError at construction when the model cannot stream or an option is wrong
 */
export function llmStream(
  model: Model,
  options: LlmOptions = {},
): Primitive<string | ModelRequest, AsyncIterableIterator<string>> {
  requireLlm(model, options);
  const { stream } = model;
  if (stream === undefined) fail('llmStream', 'model.stream', 'must be a function', stream);
  const keepsText = options.captureContent === true || options.onReply !== undefined;
  const port = portOf(model, options);

  return createPrimitive<string | ModelRequest, AsyncIterableIterator<string>>({
    type: 'llm',
    ...modelNames(model, options.name),
    streams: true,
    works: true,
    telemetry: modelCallTelemetry(port.asked, { streams: true }),
    run: async (input, context, observation) => {
      const request = requestOf(input, options);
      const call = new PortCall(port, context, observation);
      const reserved = call.begin(request);
      if (reserved !== undefined) await reserved;
      const chunks = uncounted(() => stream.call(model, request, { signal: context.signal })[Symbol.asyncIterator]());
      const reply = new GatheredReply(keepsText);

      /** The next chunk that has text, `undefined` at the end of the reply. */
      const next = async (): Promise<string | undefined> => {
        // The body of a generator runs in the async context of each call of `next`.
        for (let step = await uncounted(() => chunks.next()); !step.done; step = await uncounted(() => chunks.next())) {
          reply.add(step.value);
          if (step.value.text) return step.value.text;
        }
        reply.ended();
        requireText(reply.answer, reply.parts);
        return undefined;
      };

      async function* rest(first: string | undefined): AsyncGenerator<string, void, undefined> {
        let hasEnded = false;
        try {
          yield '';
          for (let chunk = first; chunk !== undefined; chunk = await next()) yield chunk;
          hasEnded = true;
          await call.answered(reply.parts);
          await call.tell(reply.parts);
        } catch (error) {
          hasEnded = true;
          await call.failed(error, reply);
          throw error;
        } finally {
          if (!hasEnded) await call.left(reply);
          await chunks.return?.();
        }
      }

      try {
        const texts = rest(await untilCancelled(next(), context.scope));
        // A generator that is closed before its start runs no `finally`: it would not count the call or close the reply.
        await texts.next();
        return texts;
      } catch (error) {
        await call.failed(error, reply);
        // A model may ignore the signal. Closing its reply stops it.
        (async () => chunks.return?.())().catch(() => {});
        throw error;
      }
    },
  });
}
