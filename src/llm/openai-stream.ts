/** A reply of the chat completions API in chunks, read by the client. */
import { laterDollars } from '../ledger/stated-dollars.ts';
import { laterParts, type UsageParts } from '../ledger/usage-parts.ts';
import { OPENAI_USAGE } from '../ledger/usage-shapes.ts';
import { readProperty } from '../platform/read-property.ts';
import type { ModelChunk } from './model.ts';
import { errorIn, factsOf, firstChoice, partsOf, providerError, replyOf, wholeUsage } from './openai-reply.ts';
import { ModelReplyError } from './reply-error.ts';
import { type ReplyEnd, requireText } from './require-text.ts';

/** What the client's `create` gives. A client that is not an official one may have no `withResponse`. */
export interface Call extends PromiseLike<unknown> {
  withResponse?(): PromiseLike<{ readonly data: unknown; readonly response?: unknown }>;
}

/**
 * An aborted stream of the client ends silently; here it ends with the caller's reason. The client ends silently also where
 * the server has answered with JSON, or has stopped in the middle of the reply: both are errors here.
 */
export async function* chunksOf(
  call: Call,
  signal: AbortSignal,
  believesCost: boolean,
): AsyncGenerator<ModelChunk, void, undefined> {
  const reply = new StreamedReply(believesCost);
  try {
    for await (const chunk of await streamOf(call, believesCost)) yield reply.add(chunk);
    if (signal.aborted) throw signal.reason;
    reply.check();
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    // The client throws the error that a chunk has; unlike one for the whole response it has no status.
    const reported = readProperty(error, 'status') === undefined ? errorIn(error) : undefined;
    throw reported === undefined ? error : providerError(reported, reply.known, error);
  }
}

async function streamOf(call: Call, believesCost: boolean): Promise<AsyncIterable<unknown>> {
  const { data, response } = call.withResponse === undefined ? { data: await call } : await call.withResponse();
  const isJson = contentTypeOf(response)?.includes('json') === true;
  if (!isJson && isAsyncIterable(data)) return data;
  const reply = replyOf(isJson ? await (response as Response).json() : data, believesCost);
  throw new ModelReplyError('the server answered with JSON, not with the stream that was asked for', reply.usage, {
    reason: 'not_streamed',
    reply,
  });
}

function contentTypeOf(response: unknown): string | null | undefined {
  const headers = readProperty(response, 'headers');
  return headers instanceof Headers ? headers.get('content-type') : undefined;
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof readProperty(value, Symbol.asyncIterator) === 'function';
}

/** As much of a refusal is kept, in characters. */
const MAX_REFUSAL = 4_096;

/** What the chunks have said together. */
class StreamedReply {
  readonly #believesCost: boolean;
  #parts: UsageParts = {};
  #end: ReplyEnd = {};
  #hasEnded = false;
  #answer: string | undefined;

  constructor(believesCost: boolean) {
    this.#believesCost = believesCost;
  }

  /** What is known by now. A later usage without numbers erases nothing. */
  get known(): ReplyEnd {
    return { ...this.#end, usage: wholeUsage(this.#parts) };
  }

  add(chunk: unknown): ModelChunk {
    const { usage: said, ...facts } = factsOf(chunk, this.#believesCost);
    const parts = OPENAI_USAGE.parts(said);
    const hasUsage = Object.keys(parts).length > 0;
    this.#parts = laterParts(this.#parts, parts);
    const choice = firstChoice(chunk);
    const error = errorIn(chunk) ?? errorIn(choice);
    const { text, refusal, ...end } = partsOf(choice, 'delta');
    this.#answer ||= text ?? this.#answer;
    this.#end = {
      ...this.#end,
      ...defined(facts),
      dollars: laterDollars(this.#end.dollars, facts.dollars),
      ...defined(end),
      refusal: refusal === undefined ? this.#end.refusal : `${this.#end.refusal ?? ''}${refusal}`.slice(0, MAX_REFUSAL),
      // Later chunks of a call have its arguments only.
      tools: this.#end.tools ?? end.tools,
    };
    if (error !== undefined) throw providerError(error, this.known);
    // A chunk that has only the usage is sent after the end of the reply.
    this.#hasEnded ||= end.finishReason !== undefined || (choice === undefined && hasUsage);
    const { usage } = this.known;
    return defined({ text, usage: hasUsage ? usage : undefined, ...facts, finishReason: end.finishReason });
  }

  /** Throws if the reply, which has come to its end, is no answer. */
  check(): void {
    const { known } = this;
    requireText(this.#answer, known);
    if (this.#hasEnded) return;
    throw new ModelReplyError('the reply was cut off: its stream ended without a finish reason', known.usage, {
      reason: 'cut_off',
      reply: known,
    });
  }
}

/** Without the undefined fields: they would overwrite those of an earlier chunk. */
function defined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
