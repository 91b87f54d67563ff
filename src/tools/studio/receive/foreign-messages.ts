/** The messages of a model call of another instrumentation, in the form of the GenAI conventions. */
import type { Attributes, AttributeValue, StudioSpan } from '../model/span.ts';

interface Message {
  readonly role: string;
  readonly parts: readonly object[];
}

/** One that is put together from several attributes. */
interface Draft {
  role: string;
  readonly texts: object[];
  readonly calls: object[];
}

/** A longer conversation is shown by its own attributes only. */
const MAX_LENGTH = 64 * 1024;
const MAX_MESSAGES = 500;
/** `gen_ai.prompt.0.content`; OpenInference: `llm.input_messages.0.message.content`. */
const INDEXED = /^(gen_ai\.prompt|gen_ai\.completion|llm\.(?:in|out)put_messages)\.(\d{1,3})\.(?:message\.)?(.+)$/;
const OUTPUTS: ReadonlySet<string> = new Set(['gen_ai.completion', 'llm.output_messages']);
const TOOL_CALL = /(?:^|\.)tool_calls\.(\d{1,3})\.(?:tool_call\.)?(?:function\.)?(name|arguments|id)$/;
const CONTENT = /^(?:content|contents\.\d{1,3}\.message_content\.text)$/;
/** Older conventions had an event for each message. */
const EVENT = /^gen_ai\.(system|user|assistant|tool)\.message$/;

export function conversationOf(span: StudioSpan): Record<string, AttributeValue> {
  const { input, output } = messagesOf(span);
  const { attributes } = span;
  return {
    ...asAttribute('gen_ai.input.messages', input.length > 0 ? input : wholeInput(attributes)),
    ...asAttribute('gen_ai.output.messages', output.length > 0 ? output : wholeOutput(attributes)),
  };
}

function asAttribute(name: string, messages: AttributeValue | readonly Message[] | undefined) {
  if (messages === undefined || messages === '') return {};
  const text = typeof messages === 'string' ? messages : JSON.stringify(messages);
  return text.length > MAX_LENGTH ? {} : { [name]: text };
}

const wholeInput = (attributes: Attributes) =>
  attributes['ai.prompt.messages'] ?? attributes['gen_ai.prompt'] ?? attributes['langfuse.observation.input'];

function wholeOutput(attributes: Attributes): AttributeValue | readonly Message[] | undefined {
  const text = attributes['ai.response.text'] ?? attributes['ai.response.object'];
  const calls = parsed(attributes['ai.response.toolCalls']);
  if (text === undefined && calls === undefined) {
    return attributes['gen_ai.completion'] ?? attributes['langfuse.observation.output'];
  }
  const parts = (Array.isArray(calls) ? calls : []).map((call) => ({
    type: 'tool_call',
    id: call?.toolCallId,
    name: call?.toolName,
    arguments: call?.input ?? call?.args,
  }));
  return [{ role: 'assistant', parts: [...(text ? [{ type: 'text', content: text }] : []), ...parts] }];
}

/** Of attributes with numbers in their names, and of events. */
function messagesOf({ attributes, events }: StudioSpan): { input: Message[]; output: Message[] } {
  const drafts: { input: Draft[]; output: Draft[] } = { input: [], output: [] };
  for (const [name, value] of Object.entries(attributes)) {
    const [, list, index, field = ''] = INDEXED.exec(name) ?? [];
    if (list === undefined) continue;
    const [side, role] = OUTPUTS.has(list) ? (['output', 'assistant'] as const) : (['input', 'user'] as const);
    drafts[side][Number(index)] ??= { role, texts: [], calls: [] };
    addField(drafts[side][Number(index)] as Draft, field, value);
  }
  const input = drafts.input.map(messageOfDraft);
  const output = drafts.output.map(messageOfDraft);
  for (const { name, attributes } of events.slice(0, MAX_MESSAGES)) {
    const role = EVENT.exec(name)?.[1];
    if (role !== undefined) input.push(messageOf(attributes.role ?? role, attributes.content));
    else if (name === 'gen_ai.choice') output.push(messageOf('assistant', attributes.message ?? attributes.content));
    else if (name === 'gen_ai.content.prompt') input.push(messageOf('user', attributes['gen_ai.prompt']));
    else if (name === 'gen_ai.content.completion') {
      output.push(messageOf('assistant', attributes['gen_ai.completion']));
    }
  }
  return { input: input.filter(hasParts), output: output.filter(hasParts) };
}

const hasParts = ({ parts }: Message) => parts.length > 0;

const messageOfDraft = ({ role, texts, calls }: Draft): Message => ({
  role,
  parts: [...texts, ...calls.filter(Boolean)],
});

function messageOf(role: AttributeValue, content: AttributeValue | undefined): Message {
  const parts = content === undefined || content === null ? [] : [{ type: 'text', content }];
  return { role: String(role), parts };
}

function addField(draft: Draft, field: string, value: AttributeValue): void {
  if (field === 'role' && typeof value === 'string') draft.role = value;
  if (CONTENT.test(field) && value !== '' && value !== null) draft.texts.push({ type: 'text', content: value });
  const [, index, part] = TOOL_CALL.exec(field) ?? [];
  if (part === undefined) return;
  draft.calls[Number(index)] = { ...(draft.calls[Number(index)] ?? { type: 'tool_call' }), [part]: value };
}

function parsed(value: AttributeValue | undefined) {
  if (typeof value !== 'string') return undefined;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
