import {
  type Answer,
  type Api,
  isJson,
  type Json,
  listIn,
  numberIn,
  objectIn,
  requiredText,
  SSE_TYPE,
  sse,
  textOf,
} from './api.ts';
import { readToolChoice } from './chat-request.ts';
import { openaiFailure } from './openai-chat.ts';

/** OpenAI's responses. */
export const openaiResponses: Api = {
  path: /\/responses$/,
  answer(body, _, model) {
    const question = readQuestion(body);
    const answer = model.answer(question);
    const item = outputItem(answer, model.id(answer.toolCall === undefined ? 'msg_' : 'fc_'), model.id('call_'));
    const begun = response(body, model.id('resp_'), Math.floor(model.now() / 1_000));
    const cut = answer.finishReason === 'length';
    const done = {
      ...begun,
      status: cut ? 'incomplete' : 'completed',
      incomplete_details: cut ? { reason: 'max_output_tokens' } : null,
      output: [item],
      usage: usage(answer),
    };
    if (body.stream !== true) return { model: question.model, whole: done };
    const events = [
      { type: 'response.created', response: begun },
      { type: 'response.in_progress', response: begun },
      ...itemEvents(item, model.pieces(answer.text)),
      { type: cut ? 'response.incomplete' : 'response.completed', response: done },
    ];
    return {
      model: question.model,
      type: SSE_TYPE,
      events: events.map((event, at) => sse({ ...event, sequence_number: at }, event.type)),
    };
  },
  failure: openaiFailure,
  failureEvent: ({ code, message, param }) =>
    sse({ type: 'error', code, message, param, sequence_number: 99 }, 'error'),
};

function readQuestion(body: Json) {
  const input = typeof body.input === 'string' ? [{ role: 'user', content: body.input }] : listIn(body, 'input');
  const system = typeof body.instructions === 'string' ? [{ role: 'system', text: body.instructions }] : [];
  const format = objectIn(body.text, 'format');
  return {
    model: requiredText(body, 'model'),
    messages: [...system, ...input.map(readItem)],
    maxTokens: numberIn(body, 'max_output_tokens'),
    tools: listIn(body, 'tools').map(({ name, parameters }) => ({ name: String(name), parameters })),
    mustCall: readToolChoice(body.tool_choice),
    schema: format.type === 'json_schema' ? format.schema : undefined,
  };
}

function readItem(item: Json) {
  if (item.type === 'function_call') return { role: 'assistant', text: '' };
  if (item.type === 'function_call_output') return { role: 'tool', text: textOf(item.output) };
  return { role: String(item.role), text: textOf(item.content) };
}

function response(body: Json, id: string, created: number) {
  const { model, instructions = null, tools = [], tool_choice: toolChoice = 'auto', text } = body;
  return {
    ...{ id, object: 'response', created_at: created, status: 'in_progress', background: false, error: null },
    ...{ incomplete_details: null, instructions, max_output_tokens: null, model, output: [] as unknown[] },
    ...{ parallel_tool_calls: true, previous_response_id: null, reasoning: { effort: null, summary: null } },
    ...{
      service_tier: 'default',
      store: true,
      temperature: 1,
      text: isJson(text) ? text : { format: { type: 'text' } },
    },
    ...{ tool_choice: toolChoice, tools, top_p: 1, truncation: 'disabled', usage: null as unknown, metadata: {} },
  };
}

function outputItem({ text, toolCall }: Answer, id: string, callId: string) {
  if (toolCall !== undefined) {
    const call = { name: toolCall.name, arguments: JSON.stringify(toolCall.arguments) };
    return { type: 'function_call' as const, id, call_id: callId, status: 'completed', ...call };
  }
  const content = [{ type: 'output_text', text, annotations: [], logprobs: [] }];
  return { type: 'message' as const, id, status: 'completed', role: 'assistant', content };
}

function itemEvents(item: ReturnType<typeof outputItem>, pieces: readonly string[]) {
  const place = { output_index: 0, item_id: item.id };
  const added = { type: 'response.output_item.added', output_index: 0 };
  const done = { type: 'response.output_item.done', output_index: 0, item };
  if (item.type === 'function_call') {
    return [
      { ...added, item: { ...item, status: 'in_progress', arguments: '' } },
      { type: 'response.function_call_arguments.delta', ...place, delta: item.arguments },
      { type: 'response.function_call_arguments.done', ...place, name: item.name, arguments: item.arguments },
      done,
    ];
  }
  const [part] = item.content;
  const inPart = { ...place, content_index: 0 };
  return [
    { ...added, item: { ...item, status: 'in_progress', content: [] } },
    { type: 'response.content_part.added', ...inPart, part: { ...part, text: '' } },
    ...pieces.map((delta) => ({ type: 'response.output_text.delta', ...inPart, delta, logprobs: [] })),
    { type: 'response.output_text.done', ...inPart, text: part?.text, logprobs: [] },
    { type: 'response.content_part.done', ...inPart, part },
    done,
  ];
}

function usage({ promptTokens, completionTokens }: Answer) {
  return {
    input_tokens: promptTokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: completionTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: promptTokens + completionTokens,
  };
}
