/** Whether what a model gave is an answer. One rule for whole replies, for streams, and for every `Model`. */
import type { ModelChunk } from './model.ts';
import { ModelReplyError, type ModelReplyReason } from './reply-error.ts';

/** What is known of a reply beside its text. */
export interface ReplyEnd extends Omit<ModelChunk, 'text'> {
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
  const { finishReason = 'none', refusal, tools = [], filtered } = end;
  const hasText = typeof text === 'string' && text !== '';
  const what = `the model answered ${hasText ? 'with a text that is not whole' : 'without a text'} (finish reason: ${finishReason})`;
  const no = (why: string, reason: ModelReplyReason, said?: string) => {
    return new ModelReplyError(`${what}${why}`, end.usage, { reason, said: said || undefined, reply: end });
  };
  if (refusal || finishReason === 'refusal') throw no(': it refused', 'refusal', refusal);
  if (tools.length > 0 || (!hasText && TOOL_CALL.test(finishReason))) {
    throw no(
      ': it called a tool, and llm gives texts only; for tools call the client itself in a task',
      'tool_call',
      tools.join(', '),
    );
  }
  if (FILTERED.test(finishReason)) throw no(': a content filter stopped it', 'content_filter', filtered);
  if (BROKEN_OFF.test(finishReason)) throw no(': the provider could not finish it', 'provider_error');
  if (typeof text === 'string' && (hasText || WHOLE.includes(end.finishReason))) return text;
  throw no('', 'no_text');
}
