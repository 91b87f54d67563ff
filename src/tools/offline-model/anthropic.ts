import {
  type Answer,
  type Api,
  type ApiError,
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

/** Anthropic's messages. */
export const anthropicMessages: Api = {
  path: /\/messages$/,
  answer(body, _, model) {
    const question = readQuestion(body);
    const answer = model.answer(question);
    const block = contentBlock(answer, model.id('toolu_'));
    const message = {
      id: model.id('msg_'),
      type: 'message',
      role: 'assistant',
      model: question.model,
      content: [block],
      stop_reason: STOP_REASON[answer.finishReason],
      stop_sequence: null,
      usage: usage(answer, answer.completionTokens),
    };
    if (body.stream !== true) return { model: question.model, whole: message };
    const deltas =
      block.type === 'text'
        ? model.pieces(block.text).map((text) => ({ type: 'text_delta', text }))
        : [{ type: 'input_json_delta', partial_json: JSON.stringify(block.input) }];
    const begun = { ...message, content: [], stop_reason: null, usage: usage(answer, 1) };
    const events = [
      { type: 'message_start', message: begun },
      { type: 'content_block_start', index: 0, content_block: emptied(block) },
      { type: 'ping' },
      ...deltas.map((delta) => ({ type: 'content_block_delta', index: 0, delta })),
      { type: 'content_block_stop', index: 0 },
      {
        type: 'message_delta',
        delta: { stop_reason: message.stop_reason, stop_sequence: null },
        usage: { output_tokens: answer.completionTokens },
      },
      { type: 'message_stop' },
    ];
    return { model: question.model, type: SSE_TYPE, events: events.map((event) => sse(event, event.type)) };
  },
  failure,
  failureEvent: (error) => sse(failure(error), 'error'),
};

const STOP_REASON = { stop: 'end_turn', length: 'max_tokens', tool_calls: 'tool_use' } as const;

function readQuestion(body: Json) {
  const system = textOf(body.system ?? '');
  const format = objectIn(objectIn(body, 'output_config'), 'format');
  return {
    model: requiredText(body, 'model'),
    messages: [
      ...(system === '' ? [] : [{ role: 'system', text: system }]),
      ...listIn(body, 'messages').map(readMessage),
    ],
    maxTokens: numberIn(body, 'max_tokens'),
    tools: listIn(body, 'tools').map((tool) => ({ name: String(tool.name), parameters: tool.input_schema })),
    mustCall: readToolChoice(body.tool_choice),
    schema: format.type === 'json_schema' ? format.schema : objectIn(body, 'output_format').schema,
  };
}

function readMessage(message: Json) {
  const isResult = listIn(message, 'content').some(({ type }) => type === 'tool_result');
  return { role: isResult ? 'tool' : String(message.role), text: textOf(message.content) };
}

function contentBlock({ text, toolCall }: Answer, id: string) {
  if (toolCall === undefined) return { type: 'text' as const, text };
  return { type: 'tool_use' as const, id, name: toolCall.name, input: toolCall.arguments };
}

function emptied(block: ReturnType<typeof contentBlock>) {
  return block.type === 'text' ? { ...block, text: '' } : { ...block, input: {} };
}

function usage({ promptTokens }: Answer, outputTokens: number) {
  return {
    input_tokens: promptTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    output_tokens: outputTokens,
    service_tier: 'standard',
  };
}

function failure({ status, message }: ApiError) {
  return { type: 'error', error: { type: TYPES[status] ?? 'api_error', message }, request_id: null };
}

const TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
};
