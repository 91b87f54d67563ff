import { fail, knownOptions, requireFunction, requireNumber, show } from '../core/check.ts';
import type { PriceTable } from '../ledger/price.ts';
import type { Model, ModelRequest } from './model.ts';

export interface LlmOptions {
  /** Replaces `LlmPrimitive` in the metrics. */
  readonly name?: string | undefined;
  /** Instructions that go before every request. @default none */
  readonly system?: string | undefined;
  /** The most tokens a reply may have, where the request does not say. @default the model's own limit */
  readonly maxTokens?: number | undefined;
  /** How freely the model chooses its words, 0 or more, where the request does not say. @default the model's own */
  readonly temperature?: number | undefined;
  /** Your own prices by model, in US dollars per million tokens; they win over all others. @default none */
  readonly prices?: PriceTable | undefined;
  /** Whether prompts and replies go on spans. They may be private: off unless asked for. @default false */
  readonly captureContent?: boolean | undefined;
}

/** @throws TypeError, RangeError when `model` is not a Model or an option is wrong */
export function requireLlm(model: Model, options: LlmOptions): void {
  requireModel(model);
  knownOptions('LlmOptions', options, ['name', 'system', 'maxTokens', 'temperature', 'prices', 'captureContent']);
  const { maxTokens, temperature } = options;
  if (maxTokens !== undefined) requireNumber('LlmOptions', 'maxTokens', maxTokens, { min: 1, integer: true });
  if (temperature !== undefined) requireNumber('LlmOptions', 'temperature', temperature, { min: 0 });
  requirePrices(options.prices ?? {});
}

/** The request that an input stands for. */
export function requestOf(input: string | ModelRequest, { system, maxTokens, temperature }: LlmOptions): ModelRequest {
  const given: ModelRequest = typeof input === 'string' ? { messages: [{ role: 'user', content: input }] } : input;
  if (!Array.isArray(given?.messages) || given.messages.length === 0) {
    throw new TypeError(`llm: input must be a text or a request with messages, got ${show(input)}`);
  }
  return {
    ...given,
    maxTokens: given.maxTokens ?? maxTokens,
    temperature: given.temperature ?? temperature,
    messages: system === undefined ? given.messages : [{ role: 'system', content: system }, ...given.messages],
  };
}

function requireModel(model: Model): void {
  if (typeof model !== 'object' || model === null) {
    fail('llm', 'model', 'must be a Model, for example openAICompatible({ model })', model);
  }
  for (const key of ['provider', 'id'] as const) {
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
