import { untilCancelled } from '../core/cancellation.ts';
import type { ExecutionContext } from '../core/context.ts';
import { fail, knownOptions, requireFunction, requireNumber, show } from '../core/options.ts';
import { createPrimitive, type Primitive } from '../core/primitive.ts';
import { llmCalls, llmSpan, type Observation } from '../telemetry/record/llm.ts';
import { cataloguePrices } from './catalogue.ts';
import { type Model, type ModelReply, type ModelRequest, soundUsage, type Usage } from './model.ts';
import { firstPrice, type PriceTable, REFERENCE_PRICES, tablePrices } from './price.ts';

export interface LlmOptions {
  /** Replaces `LlmPrimitive` in the metrics. */
  readonly name?: string | undefined;
  /** Instructions that go before every request. */
  readonly system?: string | undefined;
  /** The most tokens a reply may have, where the request does not say. */
  readonly maxTokens?: number | undefined;
  readonly temperature?: number | undefined;
  /** The author's own prices, in dollars per million tokens; they win over every other. */
  readonly prices?: PriceTable | undefined;
  /** Whether prompts and replies go on spans. They may be private: off unless asked for. @default false */
  readonly captureContent?: boolean | undefined;
}

/**
 * Calls a model. A text is a request with that one user message. Tokens and dollars are counted when the model has
 * answered, whatever becomes of the execution: a call that was abandoned after it was sent still counts what it cost.
 * Repeating is left to `retry`.
 *
 * @example
 * const ask = llm(openAICompatible({ model: 'gpt-4o-mini' }), { maxTokens: 200 });
 * const { text, usage } = await ask.execute('What is a span?');
 * @throws TypeError, RangeError at construction when the model is none or an option is wrong
 */
export function llm(model: Model, options: LlmOptions = {}): Primitive<string | ModelRequest, ModelReply> {
  requireModel(model);
  knownOptions('LlmOptions', options, ['name', 'system', 'maxTokens', 'temperature', 'prices', 'captureContent']);
  const { name, prices = {}, captureContent = false } = options;
  if (options.maxTokens !== undefined)
    requireNumber('LlmOptions', 'maxTokens', options.maxTokens, { min: 1, integer: true });
  if (options.temperature !== undefined) requireNumber('LlmOptions', 'temperature', options.temperature, { min: 0 });
  requirePrices(prices);
  const own = firstPrice(tablePrices(prices), tablePrices(REFERENCE_PRICES));
  const calls = llmCalls(model.model, model.provider);

  async function bill(observation: Observation, context: ExecutionContext, usage: Usage | undefined): Promise<void> {
    if (usage === undefined) {
      calls.unpriced(observation);
      return;
    }
    const call = { provider: model.provider, model: model.model, usage };
    const cost = own(call) ?? (await cataloguePrices())(call);
    calls.used(observation, soundUsage(usage));
    if (cost === undefined) calls.unpriced(observation);
    else calls.spent(observation, cost, context.workflowName);
  }

  return createPrimitive<string | ModelRequest, ModelReply>({
    type: 'llm',
    name,
    span: llmSpan(model),
    run: (input, context, observation) => {
      const request = requestOf(input, options);
      calls.asked(observation, request, captureContent);
      const call = async () => {
        try {
          const reply = await model.generate(request, { signal: context.signal });
          await bill(observation, context, reply.usage);
          calls.answered(observation, reply, captureContent);
          return reply;
        } catch (error) {
          const usage = (error as { usage?: Usage } | null | undefined)?.usage;
          if (usage !== undefined) await bill(observation, context, usage);
          throw error;
        }
      };
      return untilCancelled(call(), context.scope);
    },
  });
}

function requestOf(input: string | ModelRequest, { system, maxTokens, temperature }: LlmOptions): ModelRequest {
  const given: ModelRequest = typeof input === 'string' ? { messages: [{ role: 'user', content: input }] } : input;
  if (!Array.isArray(given?.messages) || given.messages.length === 0) {
    throw new TypeError(`llm: input must be a text or a request with messages, got ${show(input)}`);
  }
  return {
    maxTokens,
    temperature,
    ...given,
    messages: system === undefined ? given.messages : [{ role: 'system', content: system }, ...given.messages],
  };
}

function requireModel(model: Model): void {
  if (typeof model !== 'object' || model === null) {
    fail('llm', 'model', 'must be a Model, for example openAICompatible({ model })', model);
  }
  for (const key of ['provider', 'model'] as const) {
    if (typeof model[key] !== 'string' || model[key] === '') fail('llm: model', key, 'must be a text', model[key]);
  }
  requireFunction('llm: model', 'generate', model.generate);
}

function requirePrices(prices: PriceTable): void {
  for (const [model, price] of Object.entries(prices)) {
    const where = `LlmOptions: prices[${show(model)}]`;
    knownOptions(where, price, ['input', 'output', 'cachedInput', 'cacheWrite']);
    for (const part of ['input', 'output'] as const) requireNumber(where, part, price[part], { min: 0 });
    for (const part of ['cachedInput', 'cacheWrite'] as const) {
      if (price[part] !== undefined) requireNumber(where, part, price[part], { min: 0 });
    }
  }
}
