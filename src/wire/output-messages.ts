/** The messages of a reply in the conventions' form, put together as they come. */
import { createContentBound } from './content.ts';
import type { ContentOptions } from './protocol.ts';

export type TextKind = 'text' | 'reasoning';

/** A tool call, or a piece of one. The pieces of one call have one `place`. */
export interface ToolCallPart {
  readonly place?: unknown;
  readonly id?: unknown;
  readonly name?: unknown;
  /** JSON as a text (or a piece of it), or the value. */
  readonly arguments?: unknown;
}

export interface OutputMessages {
  text(text: string, kind: TextKind, answer: number): void;
  toolCall(part: ToolCallPart, answer: number): void;
  /** A text of the reply as a span may have it. */
  safe(text: string): string;
  toJSON(): string | undefined;
}

interface Part {
  readonly type: TextKind | 'tool_call';
  readonly place?: unknown;
  id?: string;
  name?: string;
  content: string;
}

/** The most answers and parts that are kept. */
const MOST_ANSWERS = 16;
const MOST_PARTS = 128;

export function createOutputMessages(options: ContentOptions): OutputMessages | undefined {
  if (options.captureContent !== true) return undefined;
  const answers = new Map<number, Part[]>();
  const bound = createContentBound(options);

  function partsOf(answer: number): Part[] | undefined {
    const parts = answers.get(answer) ?? [];
    if (parts.length >= MOST_PARTS || (answers.size >= MOST_ANSWERS && !answers.has(answer))) return undefined;
    answers.set(answer, parts);
    return parts;
  }

  return {
    safe: (text) => bound.safe(text),
    text(text, kind, answer) {
      const parts = partsOf(answer);
      const last = parts?.at(-1);
      if (last?.type === kind) last.content += bound.cut(text);
      else parts?.push({ type: kind, content: bound.cut(text) });
    },
    toolCall({ place, id, name, arguments: given }, answer) {
      const parts = partsOf(answer);
      const begun = parts?.find((part) => part.type === 'tool_call' && part.place === place && place !== undefined);
      const part: Part = begun ?? { type: 'tool_call', place, content: '' };
      if (begun === undefined) parts?.push(part);
      if (typeof id === 'string' && id !== '') part.id = bound.cut(id);
      if (typeof name === 'string' && name !== '') part.name = bound.cut(name);
      if (given !== undefined && given !== null)
        part.content += bound.cut(typeof given === 'string' ? given : asJson(given));
    },
    toJSON() {
      if (answers.size === 0) return undefined;
      const messages = [...answers.values()].map((parts) => ({
        role: 'assistant',
        parts: parts.map(({ type, id, name, content }) =>
          type === 'tool_call'
            ? { type, id, name, arguments: bound.json(content) }
            : { type, content: bound.safe(content) },
        ),
      }));
      return JSON.stringify(messages);
    },
  };
}

function asJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}
