/** Whether what a model gave is an answer. One rule for whole replies, for streams, and for every `Model`. */
import type { Usage } from '../ledger/usage.ts';
import { ModelReplyError } from './reply-error.ts';

/** What is known of a reply beside its text. */
export interface ReplyEnd {
  readonly finishReason?: string | undefined;
  readonly usage?: Usage | undefined;
  /** The words of a refusal. */
  readonly refusal?: string | undefined;
  /** The names of the tools that the model called. */
  readonly tools?: readonly string[] | undefined;
  /** What a content filter said. */
  readonly filtered?: string | undefined;
}

/** With any other finish reason an empty text is no answer. */
const WHOLE: readonly (string | undefined)[] = ['stop', 'length', undefined];
/** Providers' words for a reply that they have stopped, also in the middle of its text. */
const FILTERED =
  /^(?:content[_-]?filter|(?:image_)?safety$|recitation$|prohibited_content$|blocklist$|spii$|sensitive$)/i;
/** Those for a reply that the provider itself could not finish. */
const BROKEN_OFF = /^(?:error|network_error|insufficient_system_resource)$/i;
const TOOL_CALL = /^(?:tool_calls?|tool_use|function_call)$/i;

/** Returns the text of a reply, whole or streamed. A reply without a text, or with one that is no answer, is an error. */
export function requireText(text: unknown, end: ReplyEnd): string {
  const { finishReason = 'none', usage, refusal, tools = [], filtered } = end;
  const hasText = typeof text === 'string' && text !== '';
  const what = `the model answered ${hasText ? 'with a text that is not whole' : 'without a text'} (finish reason: ${finishReason})`;
  if (refusal || finishReason === 'refusal') {
    throw new ModelReplyError(`${what}: it refused`, usage, { reason: 'refusal', said: refusal || undefined });
  }
  if (tools.length > 0 || (!hasText && TOOL_CALL.test(finishReason))) {
    throw new ModelReplyError(
      `${what}: it called a tool, and llm gives texts only; for tools call the client itself in a task`,
      usage,
      { reason: 'tool_call', said: tools.join(', ') || undefined },
    );
  }
  if (FILTERED.test(finishReason)) {
    throw new ModelReplyError(`${what}: a content filter stopped it`, usage, {
      reason: 'content_filter',
      said: filtered,
    });
  }
  if (BROKEN_OFF.test(finishReason)) {
    throw new ModelReplyError(`${what}: the provider could not finish it`, usage, { reason: 'provider_error' });
  }
  if (typeof text === 'string' && (hasText || WHOLE.includes(end.finishReason))) return text;
  throw new ModelReplyError(what, usage);
}
