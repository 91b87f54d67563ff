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

/** Cohere's chat, version 2. */
export const cohereChat: Api = {
  path: /\/v2\/chat$/,
  answer(body, _, model) {
    const name = requiredText(body, 'model');
    const answer = model.answer(readQuestion(body, name));
    const id = model.id('');
    const call = toolCall(answer, model.id('call_'));
    const end = { finish_reason: FINISH_REASON[answer.finishReason], usage: usage(answer) };
    if (body.stream !== true) {
      const said = call === undefined ? { content: [{ type: 'text', text: answer.text }] } : { tool_calls: [call] };
      return { model: name, whole: { id, message: { role: 'assistant', ...said }, ...end } };
    }
    const message = (content: object) => ({ message: content });
    const content =
      call === undefined
        ? [
            { type: 'content-start', index: 0, delta: message({ content: { type: 'text', text: '' } }) },
            ...model.pieces(answer.text).map((text) => ({
              type: 'content-delta',
              index: 0,
              delta: message({ content: { text } }),
            })),
            { type: 'content-end', index: 0 },
          ]
        : [
            { type: 'tool-call-start', index: 0, delta: message({ tool_calls: call }) },
            { type: 'tool-call-end', index: 0 },
          ];
    const events = [
      { id, type: 'message-start', delta: message({ role: 'assistant', content: [], tool_calls: [], citations: [] }) },
      ...content,
      { type: 'message-end', delta: end },
    ];
    return { model: name, type: SSE_TYPE, events: events.map((event) => sse(event, event.type)) };
  },
  failure,
  failureEvent: ({ message }) =>
    sse({ type: 'message-end', delta: { finish_reason: 'ERROR', error: message } }, 'message-end'),
};

const FINISH_REASON = { stop: 'COMPLETE', length: 'MAX_TOKENS', tool_calls: 'TOOL_CALL' } as const;

function readQuestion(body: Json, model: string) {
  const format = objectIn(body, 'response_format');
  return {
    model,
    messages: listIn(body, 'messages').map(({ role, content }) => ({ role: String(role), text: textOf(content) })),
    maxTokens: numberIn(body, 'max_tokens'),
    tools: listIn(body, 'tools').map((tool) => {
      const { name, parameters } = objectIn(tool, 'function');
      return { name: String(name), parameters };
    }),
    mustCall: body.tool_choice === 'REQUIRED',
    schema: format.json_schema ?? format.schema,
  };
}

function toolCall({ toolCall }: Answer, id: string) {
  if (toolCall === undefined) return undefined;
  return { id, type: 'function', function: { name: toolCall.name, arguments: JSON.stringify(toolCall.arguments) } };
}

/** What is billed and what the model has read and written are apart: the prompt's own tokens are not billed. */
function usage({ promptTokens, completionTokens }: Answer) {
  return {
    billed_units: { input_tokens: promptTokens, output_tokens: completionTokens },
    tokens: { input_tokens: promptTokens + 60, output_tokens: completionTokens + 2 },
  };
}

function failure({ message }: ApiError) {
  return { message };
}
