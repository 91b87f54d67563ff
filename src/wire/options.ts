import { checkOptions, type Rules } from '../core/check.ts';
import { callback, flag, oneOf, optional } from '../core/rules.ts';
import type { PriceOptions } from '../ledger/price-book.ts';
import { PRICE_RULES } from '../llm/price-options.ts';
import { type ModelHosts, modelHosts } from './model-hosts.ts';

export interface ModelCallOptions extends PriceOptions {
  /**
   * What is observed: `known`, the calls to providers' own hosts, to `hosts`, and to Ollama on this machine; `all`, also
   * calls to other hosts that look like calls to a model; `metrics`, as `known` but without spans, for programs whose calls
   * have spans by another instrumentation; `off`, nothing. @default 'known'
   */
  readonly mode?: 'known' | 'all' | 'metrics' | 'off' | undefined;
  /**
   * More hosts that serve models, and their providers in metrics and prices: `'litellm:4000=litellm, vllm.internal'`, or
   * `{ 'litellm:4000': { provider: 'litellm', statesCost: true } }`. @default none
   */
  readonly hosts?: ModelHosts | undefined;
  /**
   * Whether streams of OpenAI's chat completions are asked for their usage, where the client does not ask for it. The
   * additional chunk is hidden from the client. A server that refuses unknown fields refuses such a request. @default false
   */
  readonly includeUsage?: boolean | undefined;
  /** Whether spans have the messages of requests and replies. @default false */
  readonly captureContent?: boolean | undefined;
  /** Changes each text of a message before a span has it. It must be fast, and not asynchronous. @default unchanged */
  readonly redact?: ((text: string) => string) | undefined;
}

export const MODEL_CALL_RULES: Rules<ModelCallOptions> = {
  mode: optional(oneOf('known', 'all', 'metrics', 'off')),
  hosts: optional(modelHosts),
  includeUsage: optional(flag),
  captureContent: optional(flag),
  redact: optional(callback<(text: string) => string>()),
  ...PRICE_RULES,
};

/** @throws TypeError when an option is wrong */
export function checkModelCallOptions(options: ModelCallOptions): void {
  checkOptions('ModelCallOptions', options, MODEL_CALL_RULES);
}
