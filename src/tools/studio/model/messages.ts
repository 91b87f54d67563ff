/** The messages of a model call, where capturing them was switched on. */
import type { Attributes, AttributeValue } from './span.ts';

export interface Message {
  readonly role: string;
  readonly parts: readonly MessagePart[];
}

export interface MessagePart {
  /** `text`, `tool_call`, `tool_call_response`, `reasoning`, or the word of the program. */
  readonly type: string;
  readonly text: string;
}

export interface Conversation {
  readonly system: readonly Message[];
  readonly input: readonly Message[];
  readonly output: readonly Message[];
}

const MOST_MESSAGES = 500;
const INPUT = 'gen_ai.input.messages';
const OUTPUT = 'gen_ai.output.messages';
const SYSTEM = 'gen_ai.system_instructions';

/** `null`: no message was captured. */
export function readConversation(attributes: Attributes): Conversation | null {
  if (![INPUT, OUTPUT, SYSTEM].some((key) => attributes[key] !== undefined)) return null;
  return {
    system: messagesOf(attributes[SYSTEM], 'system'),
    input: messagesOf(attributes[INPUT], 'user'),
    output: messagesOf(attributes[OUTPUT], 'assistant'),
  };
}

/** Messages as JSON text or as values. What has another form is shown as it is. */
function messagesOf(value: AttributeValue | undefined, role: string): readonly Message[] {
  if (value === undefined || value === null) return [];
  const parsed = typeof value === 'string' ? parse(value) : value;
  const list = Array.isArray(parsed) ? parsed : [parsed];
  return list.slice(0, MOST_MESSAGES).map((each) => {
    const given = fieldsOf(each);
    if (given === undefined) return { role, parts: [{ type: 'text', text: shown(each) }] };
    const parts = given.parts ?? given.content;
    return {
      role: typeof given.role === 'string' ? given.role : role,
      parts: parts === undefined ? [partOf(each)] : (Array.isArray(parts) ? parts : [parts]).map(partOf),
    };
  });
}

function partOf(value: AttributeValue): MessagePart {
  const given = fieldsOf(value);
  if (given === undefined) return { type: 'text', text: shown(value) };
  const type = typeof given.type === 'string' ? given.type : 'text';
  const text = given.content ?? given.text ?? given.response ?? given.result;
  if (type === 'tool_call' || text === undefined) {
    const { type: _, ...rest } = given;
    const name = typeof given.name === 'string' ? given.name : undefined;
    return { type, text: name === undefined ? shown(rest) : `${name}(${shown(given.arguments ?? null)})` };
  }
  return { type, text: shown(text) };
}

const fieldsOf = (value: AttributeValue) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;

const shown = (value: AttributeValue): string => (typeof value === 'string' ? value : JSON.stringify(value));

function parse(text: string): AttributeValue {
  try {
    return JSON.parse(text) as AttributeValue;
  } catch {
    return text;
  }
}
