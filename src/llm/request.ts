import { checkOptions, fail, type Rules, requireFunction } from '../core/check.ts';
import { namesOf } from '../core/names.ts';
import { callback, count, flag, having, number, optional, optionalName, text, word } from '../core/rules.ts';
import { isPromise } from '../core/until-cancelled.ts';
import type { WorkflowContext } from '../core/workflow-context.ts';
import type { PriceTable } from '../ledger/price.ts';
import type { Message, Model, ModelReply, ModelRequest } from './model.ts';
import { optionalPrices } from './price-options.ts';
import { requireRequest } from './require-request.ts';

export interface LlmOptions {
  /** Replaces `LlmPrimitive` in the metrics. */
  readonly name?: string | undefined;
  /** Instructions before the messages of every request. @default none */
  readonly system?: string | undefined;
  /** The most tokens a reply may have, for requests without a `maxTokens`. @default the model's own limit */
  readonly maxTokens?: number | undefined;
  /** How freely the model chooses its words, 0 or more, for requests without it. @default the model's own */
  readonly temperature?: number | undefined;
  /**
   * Your own prices by model, in US dollars per million tokens, used before all others; `catalogue` leaves out the reference
   * prices. @default those of the process
   */
  readonly prices?: PriceTable | 'catalogue' | undefined;
  /** Whether spans show prompts and replies, which may be private. @default false */
  readonly captureContent?: boolean | undefined;
  /**
   * Called with the whole reply, with its usage and finish reason, before the execution ends; for a stream, when all of its
   * text has been read. Not called when the call fails or its stream is left. If it throws, its error is an event on the
   * span only: the reply has been paid for. @default none
   */
  readonly onReply?: ((reply: ModelReply, context: WorkflowContext) => unknown) | undefined;
}

const RULES: Rules<LlmOptions> = {
  name: optionalName,
  system: optional(text),
  maxTokens: optional(count),
  temperature: optional(number({ min: 0 })),
  prices: optionalPrices,
  captureContent: optional(flag),
  onReply: optional(callback()),
};

/** @throws TypeError, RangeError when `model` is not a Model or an option is wrong */
export function requireLlm(model: Model, options: LlmOptions): void {
  checkOptions('LlmOptions', options, RULES);
  requireModel(model);
}

/** The names of the calls to a model: without an author's name they are called after the model. */
export function modelNames({ id, provider }: Model, name: string | undefined) {
  return { name, messageName: `llm ${id}`, answering: { authorNames: [], otherNames: [id, `${provider}/${id}`] } };
}

/**
 * The request of an input: a text is a request with one user message.
 *
 * @throws TypeError, RangeError that names what is wrong, and does not quote what a message says
 */
export function requestOf(input: string | ModelRequest, options: LlmOptions): ModelRequest {
  const { name, system, maxTokens, temperature } = options;
  const messagesAfter = (given: readonly Message[]): readonly Message[] =>
    system === undefined ? given : [{ role: 'system', content: system }, ...given];
  if (typeof input === 'string') {
    return { messages: messagesAfter([{ role: 'user', content: input }]), maxTokens, temperature };
  }
  requireRequest(namesOf('llm', name).messageName, input);
  return {
    ...input,
    maxTokens: input.maxTokens ?? maxTokens,
    temperature: input.temperature ?? temperature,
    messages: messagesAfter(input.messages),
  };
}

function requireModel(model: Model): void {
  if (typeof model !== 'object' || model === null || isPromise(model)) {
    fail('llm', 'model', 'must be a Model, for example openAICompatible({ model })', model);
  }
  word('llm', 'model.provider', model.provider);
  word('llm', 'model.id', model.id);
  having<Model>('generate')('llm', 'model', model);
  if (model.stream !== undefined) requireFunction('llm', 'model.stream', model.stream);
}
