/** What the chat completions API answers, as the reply of a model. Servers leave out any part, and add parts of their own. */

import { statedDollars } from '../ledger/stated-dollars.ts';
import type { Usage } from '../ledger/usage.ts';
import type { UsageParts } from '../ledger/usage-parts.ts';
import { OPENAI_USAGE } from '../ledger/usage-shapes.ts';
import { readProperty } from '../platform/read-property.ts';
import { redact } from '../platform/redact.ts';
import type { ModelChunk, ModelReply } from './model.ts';
import { ModelReplyError } from './reply-error.ts';
import { type ReplyEnd, requireText } from './require-text.ts';

/** The reply of a whole completion. `believesCost`: whether its dollars are taken from the reply, where it states them. */
export function replyOf(completion: unknown, believesCost: boolean): ModelReply {
  const { usage: said, ...facts } = factsOf(completion, believesCost);
  const usage = wholeUsage(OPENAI_USAGE.parts(said));
  const choice = firstChoice(completion);
  const error = errorIn(completion) ?? errorIn(choice);
  if (error !== undefined) throw providerError(error, { ...facts, usage });
  const { text: content, ...end } = partsOf(choice, 'message');
  const text = requireText(content, { ...facts, ...end, usage });
  const reply = { text, usage: usage && known(usage), ...facts, finishReason: end.finishReason };
  return known(reply);
}

/** Without the fields that are `undefined`: a codec that writes JSON refuses what would not arrive as it is. */
function known<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}

/** The usage if it tells all of it: what is unknown is not 0. */
export function wholeUsage(parts: UsageParts): Usage | undefined {
  const said = OPENAI_USAGE.usageOf(parts);
  return said?.isWhole ? said.usage : undefined;
}

/** What a completion, or a chunk, says beside its choices; `usage` as it stands there. */
export function factsOf(completion: unknown, believesCost: boolean) {
  const usage = usageIn(completion);
  return {
    usage,
    model: textAt(completion, 'model'),
    id: textAt(completion, 'id'),
    dollars: believesCost ? statedDollars(usage) : undefined,
    serviceTier: textAt(completion, 'service_tier'),
  };
}

/** Groq puts the usage of a stream into a field of its own. */
function usageIn(completion: unknown): unknown {
  return readProperty(completion, 'usage') ?? readProperty(readProperty(completion, 'x_groq'), 'usage');
}

export function firstChoice(completion: unknown): unknown {
  const choices = readProperty(completion, 'choices');
  return Array.isArray(choices) ? choices[0] : undefined;
}

function textAt(value: unknown, key: string): string | undefined {
  const text = readProperty(value, key);
  return typeof text === 'string' ? text : undefined;
}

/** The parts of an answer that a choice has: whole in its `message`, or the next piece in its `delta`. */
export function partsOf(choice: unknown, where: 'message' | 'delta'): ReplyEnd & { readonly text: string | undefined } {
  const message = readProperty(choice, where);
  return {
    text: contentOf(readProperty(message, 'content')),
    finishReason: textAt(choice, 'finish_reason'),
    refusal: textAt(message, 'refusal') || undefined,
    tools: toolsOf(message),
    filtered: filteredBy(readProperty(choice, 'content_filter_results')),
  };
}

/** A list of parts, which Mistral gives with its thoughts, has the answer in the parts that are texts. */
function contentOf(content: unknown): string | undefined {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return undefined;
  return content.map((part) => textAt(part, 'text') ?? '').join('');
}

function toolsOf(message: unknown): readonly string[] | undefined {
  const calls = readProperty(message, 'tool_calls');
  const older = readProperty(message, 'function_call') ?? undefined;
  const names = [...(Array.isArray(calls) ? calls : []), ...(older === undefined ? [] : [{ function: older }])].map(
    (call) => textAt(readProperty(call, 'function'), 'name') ?? 'a tool without a name',
  );
  return names.length === 0 ? undefined : names;
}

/** Azure names the categories, for example `violence (medium)`. */
function filteredBy(results: unknown): string | undefined {
  if (typeof results !== 'object' || results === null) return undefined;
  const found = Object.entries(results).filter(([, result]) => readProperty(result, 'filtered') === true);
  return found.map(([name, result]) => `${name} (${textAt(result, 'severity') ?? 'found'})`).join(', ') || undefined;
}

/** The error that a server has put where an answer belongs. */
export function errorIn(place: unknown): unknown {
  return readProperty(place, 'error') || undefined;
}

/** The longest part of the provider's own message in ours, in characters. */
const MAX_MESSAGE = 256;

/** `cause` is the error of the client, where the client has found the error in the reply. */
export function providerError(error: unknown, known: ModelChunk, cause?: unknown): ModelReplyError {
  const message = typeof error === 'string' ? error : textAt(error, 'message');
  const given = readProperty(error, 'code') ?? readProperty(error, 'type');
  const code = typeof given === 'string' || typeof given === 'number' ? given : undefined;
  // OpenRouter passes on what the provider behind it said.
  const raw = readProperty(readProperty(error, 'metadata'), 'raw');
  const said = [message, typeof raw === 'string' ? raw : undefined].filter((each) => each !== undefined).join(': ');
  const shown = redact(message ?? 'without a message').slice(0, MAX_MESSAGE);
  return new ModelReplyError(
    `the provider reported an error in a reply with status 200: ${code === undefined ? '' : `${redact(String(code)).slice(0, 64)}: `}${shown}`,
    known.usage,
    { reason: 'provider_error', code, said: said || undefined, cause, reply: known },
  );
}
