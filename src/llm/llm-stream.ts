import { fail } from '../core/check.ts';
import { createPrimitive, type Primitive } from '../core/primitive.ts';
import { untilCancelled } from '../core/until-cancelled.ts';
import { modelCallTelemetry } from '../telemetry/record/llm.ts';
import type { Model, ModelChunk, ModelRequest } from './model.ts';
import { type Port, PortCall } from './port-call.ts';
import { pricesInForce } from './price-book.ts';
import { type LlmOptions, modelNames, requestOf, requireLlm } from './request.ts';
import { requireText } from './require-text.ts';

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
  const { captureContent = false } = options;
  const port: Port = { model, options, prices: pricesInForce({ prices: options.prices }) };

  return createPrimitive<string | ModelRequest, AsyncIterableIterator<string>>({
    type: 'llm',
    ...modelNames(model, options.name),
    works: true,
    telemetry: modelCallTelemetry(model, { streams: true }),
    run: async (input, context, observation) => {
      const request = requestOf(input, options);
      const call = new PortCall(port, context, observation);
      const reserved = call.begin(request);
      if (reserved !== undefined) await reserved;
      const chunks = stream.call(model, request, { signal: context.signal })[Symbol.asyncIterator]();
      let reply: ModelChunk = {};
      let text = '';
      /** Not empty once a chunk had text, `undefined` while no chunk had any. */
      let answer: string | undefined;
      const add = (chunk: ModelChunk) => {
        reply = { ...reply, ...chunk, usage: chunk.usage ?? reply.usage };
        answer ||= chunk.text ?? answer;
        if (captureContent) text += chunk.text ?? '';
      };
      const whole = (): ModelChunk => ({ ...reply, text });

      /** The next chunk that has text, `undefined` at the end of the reply. */
      const next = async (): Promise<string | undefined> => {
        for (let step = await chunks.next(); !step.done; step = await chunks.next()) {
          add(step.value);
          if (step.value.text) return step.value.text;
        }
        requireText(answer, reply);
        return undefined;
      };

      async function* rest(first: string | undefined): AsyncGenerator<string, void, undefined> {
        let hasEnded = false;
        try {
          yield '';
          for (let chunk = first; chunk !== undefined; chunk = await next()) yield chunk;
          hasEnded = true;
          await call.answered(whole());
        } catch (error) {
          hasEnded = true;
          await call.failed(error, { streams: true, reply: whole() });
          throw error;
        } finally {
          if (!hasEnded) await call.left(whole());
          await chunks.return?.();
        }
      }

      try {
        const texts = rest(await untilCancelled(next(), context.scope));
        // A generator that is closed before its start runs no `finally`: it would not count the call or close the reply.
        await texts.next();
        return texts;
      } catch (error) {
        await call.failed(error, { streams: true, reply: whole() });
        // A model may ignore the signal. Closing its reply stops it.
        (async () => chunks.return?.())().catch(() => {});
        throw error;
      }
    },
  });
}
