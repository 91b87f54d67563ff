import { fail } from '../core/check.ts';
import { createPrimitive, type Primitive } from '../core/primitive.ts';
import { untilCancelled } from '../core/until-cancelled.ts';
import type { Usage } from '../ledger/usage.ts';
import { modelCallRecorder, modelCallTelemetry } from '../telemetry/record/llm.ts';
import { billedUsage, billing } from './billing.ts';
import type { Model, ModelChunk, ModelRequest } from './model.ts';
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
  const record = modelCallRecorder(model);
  const bill = billing(model, record, options.prices);

  return createPrimitive<string | ModelRequest, AsyncIterableIterator<string>>({
    type: 'llm',
    ...modelNames(model, options.name),
    works: true,
    telemetry: modelCallTelemetry(model, { streams: true }),
    run: async (input, context, observation) => {
      const request = requestOf(input, options);
      record.requested(observation, request, captureContent);
      const chunks = stream.call(model, request, { signal: context.signal })[Symbol.asyncIterator]();
      let usage: Usage | undefined;
      let last: ModelChunk = {};
      let text = '';
      /** Not empty once a chunk had text, `undefined` while no chunk had any. */
      let answer: string | undefined;
      const add = (chunk: ModelChunk) => {
        usage = chunk.usage ?? usage;
        last = { ...last, ...chunk };
        answer ||= chunk.text ?? answer;
        if (captureContent) text += chunk.text ?? '';
      };
      const settle = async () => {
        await bill(observation, context, usage);
        record.answered(observation, { ...last, text }, captureContent);
      };

      /** The next chunk that has text, `undefined` at the end of the reply. */
      const next = async (): Promise<string | undefined> => {
        for (let step = await chunks.next(); !step.done; step = await chunks.next()) {
          add(step.value);
          if (step.value.text) return step.value.text;
        }
        requireText(answer, { ...last, usage });
        return undefined;
      };

      async function* rest(first: string | undefined): AsyncGenerator<string, void, undefined> {
        try {
          yield '';
          for (let chunk = first; chunk !== undefined; chunk = await next()) yield chunk;
        } finally {
          await settle();
          await chunks.return?.();
        }
      }

      try {
        const reply = rest(await untilCancelled(next(), context.scope));
        // A generator that is closed before its start runs no `finally`: it would not count the call or close the reply.
        await reply.next();
        return reply;
      } catch (error) {
        usage ??= billedUsage(error);
        if (usage !== undefined) await settle();
        // A model may ignore the signal. Closing its reply stops it.
        (async () => chunks.return?.())().catch(() => {});
        throw error;
      }
    },
  });
}
