/** The messages of a request in the conventions' form, and the bound of all content. Only where the user asks for content. */
import { hideSecrets } from '../platform/redact.ts';
import { at, entriesOf, nameOf } from './foreign.ts';
import { parseOr } from './pick.ts';
import type { ContentOptions } from './protocol.ts';

/** The most content of one direction of a call, in characters, and the longest request that is parsed for it. */
const MOST_CONTENT = 32_768;
const LONGEST_REQUEST = 4_194_304;

export interface ContentBound {
  /** As much of a text as there is room for. */
  cut(text: string): string;
  /** The text as a span may have it. */
  safe(text: string): string;
  /** The value of a JSON text, each text in it safe; the text itself where it is no JSON. */
  json(text: string): unknown;
}

export function createContentBound({ redact }: ContentOptions): ContentBound {
  let room = MOST_CONTENT;
  const safe = (text: string) => {
    try {
      return hideSecrets(redact === undefined ? text : String(redact(text)));
    } catch {
      return '[redaction failed]';
    }
  };
  return {
    cut(text) {
      const part = text.slice(0, room);
      room -= part.length;
      return part.length < text.length ? `${part}…` : part;
    },
    safe,
    json(text) {
      const redacted = safe(text);
      return parseOr(redacted, redacted);
    },
  };
}

/** The system's message and the others of a request, whatever its protocol. Pictures and files are only named. */
export function inputMessages(body: string | undefined, options: ContentOptions): string | undefined {
  if (options.captureContent !== true || body === undefined || body.length > LONGEST_REQUEST) return undefined;
  const request = parseOr(body, undefined);
  const bound = createContentBound(options);
  const messages: unknown[] = [];
  const add = (message: unknown, role: string) => {
    const parts = partsOf(message, bound);
    if (parts.length > 0) messages.push({ role: nameOf(at(message, 'role')) ?? roleOf(parts[0]) ?? role, parts });
  };
  for (const key of ['system', 'instructions', 'systemInstruction', 'preamble']) {
    const system = at(request, key);
    if (system !== undefined) add(at(system, 'parts') === undefined ? { content: system } : system, 'system');
  }
  for (const key of ['messages', 'input', 'prompt', 'contents', 'content', 'texts']) {
    const given = at(request, key);
    const all = Array.isArray(given) ? entriesOf(given) : given === undefined ? [] : [given];
    for (const each of all) add(typeof each === 'string' ? { content: each } : each, 'user');
  }
  return messages.length === 0 ? undefined : JSON.stringify(messages);
}

/** OpenAI's items that are no messages have no role. */
function roleOf(part: unknown): string | undefined {
  const type = at(part, 'type');
  return type === 'tool_call' ? 'assistant' : type === 'tool_call_response' ? 'tool' : undefined;
}

function partsOf(message: unknown, bound: ContentBound): unknown[] {
  const content = at(message, 'content') ?? at(message, 'parts') ?? at(message, 'text');
  const blocks = Array.isArray(content)
    ? entriesOf(content)
    : content === undefined || content === null
      ? []
      : [content];
  const calls = entriesOf(at(message, 'tool_calls'));
  const own = typeof at(message, 'type') === 'string' && content === undefined ? [message] : [];
  const answered = at(message, 'tool_call_id');
  const parts = [...blocks, ...calls, ...own].map((block) => partOf(block, bound));
  if (answered === undefined) return parts;
  return parts.map((part) => ({ type: 'tool_call_response', id: answered, response: at(part, 'content') }));
}

function partOf(block: unknown, bound: ContentBound): unknown {
  if (typeof block === 'string') return { type: 'text', content: bound.safe(bound.cut(block)) };
  const text = at(block, 'text') ?? at(block, 'thinking');
  const kind = nameOf(at(block, 'type'));
  if (typeof text === 'string') {
    const type = kind === 'thinking' || at(block, 'thought') === true ? 'reasoning' : 'text';
    return { type, content: bound.safe(bound.cut(text)) };
  }
  const call = at(block, 'function') ?? at(block, 'toolUse') ?? at(block, 'functionCall');
  const isCall = call !== undefined || kind === 'tool_use' || kind === 'function_call';
  if (isCall) {
    const from = call ?? block;
    const input = at(from, 'arguments') ?? at(from, 'input') ?? at(from, 'args');
    const id = at(block, 'id') ?? at(block, 'call_id') ?? at(from, 'toolUseId') ?? at(from, 'id');
    return { type: 'tool_call', id: nameOf(id), name: nameOf(at(from, 'name')), arguments: shorten(input, bound) };
  }
  const response = at(block, 'toolResult') ?? at(block, 'functionResponse');
  if (response !== undefined || kind === 'tool_result' || kind === 'function_call_output') {
    const from = response ?? block;
    const id = at(from, 'toolUseId') ?? at(from, 'tool_use_id') ?? at(from, 'call_id') ?? at(from, 'id');
    const output = at(from, 'content') ?? at(from, 'output') ?? at(from, 'response');
    return {
      type: 'tool_call_response',
      id: nameOf(id),
      response: typeof output === 'string' ? bound.safe(bound.cut(output)) : shorten(output, bound),
    };
  }
  return { type: kind ?? 'generic' };
}

function shorten(value: unknown, bound: ContentBound): unknown {
  if (value === undefined) return undefined;
  return bound.json(bound.cut(typeof value === 'string' ? value : JSON.stringify(value)));
}
