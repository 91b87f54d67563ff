import type { Usage } from '../ledger/usage.ts';
import { acrossCopies } from '../platform/process-wide.ts';
import { redact } from '../platform/redact.ts';
import type { ModelChunk } from './model.ts';

/**
 * Why a reply is no answer. `no_text`: it has no text. `refusal`: the model refused. `tool_call`: the model called a tool,
 * which `llm` cannot run. `content_filter`: the provider's filter stopped the reply. `provider_error`: the provider
 * reported an error in a reply with status 200. `cut_off`: a stream ended without its end mark. `not_streamed`: the
 * server answered with JSON, not with a stream.
 */
export type ModelReplyReason =
  | 'no_text'
  | 'refusal'
  | 'tool_call'
  | 'content_filter'
  | 'provider_error'
  | 'cut_off'
  | 'not_streamed';

/** What is known of a reply that is no answer. */
export interface ModelReplyFacts {
  readonly reason?: ModelReplyReason;
  readonly said?: string | undefined;
  readonly code?: string | number | undefined;
  readonly cause?: unknown;
  /** All that is known of the reply. */
  readonly reply?: ModelChunk | undefined;
}

/** A reply without its text. */
export type KnownReply = Omit<ModelChunk, 'text' | 'usage'>;

/**
 * The model's reply is no answer; `reason` says why. The call may have been billed: see `usage`. By default `retry` and
 * `hedge` try again only where there was no text or the reply was cut off: else they would pay for the same again.
 */
export class ModelReplyError extends Error {
  override readonly name = 'ModelReplyError';
  readonly usage: Usage | undefined;
  readonly reason: ModelReplyReason;
  /** The provider's code for its error, such as `server_error` or 502. */
  readonly code: string | number | undefined;
  /** The HTTP status that stands for the provider's error, if its code is one. */
  readonly status: number | undefined;
  /** What else is known of the reply: the model that answered, its finish reason, and what its price depends on. */
  readonly reply: KnownReply;
  readonly #said: string | undefined;

  constructor(message: string, usage: Usage | undefined, facts: ModelReplyFacts = {}) {
    const { reason = 'no_text', said, code, cause, reply = {} } = facts;
    super(message, cause === undefined ? undefined : { cause });
    const { model, id, finishReason, dollars, serviceTier } = reply;
    this.reply = { model, id, finishReason, dollars, serviceTier };
    this.usage = usage;
    this.reason = reason;
    this.code = code;
    this.status = statusOf(code);
    this.#said = said === undefined ? undefined : redact(said);
  }

  /**
   * What the provider said: the words of a refusal, the names of the tools, the categories of a filter, the text of an
   * error. At most 2,048 characters, without secrets; not in the message, because it may repeat the prompt.
   */
  get said(): string | undefined {
    return this.#said;
  }
}

acrossCopies({ ModelReplyError });

function statusOf(code: string | number | undefined): number | undefined {
  const status = Number(code);
  return Number.isInteger(status) && status >= 400 && status < 600 ? status : undefined;
}
