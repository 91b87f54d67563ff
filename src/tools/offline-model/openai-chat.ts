import { type Answer, type Api, type ApiError, type OfflineModel, SSE_TYPE, sse } from './api.ts';
import { readChatRequest } from './chat-request.ts';

/** OpenAI's chat completions, as also Groq, Mistral and many servers speak them. */
export const openaiChat: Api = {
  path: /\/chat\/completions$/,
  answer(body, _, model) {
    const chat = readChatRequest(body);
    const answer = model.answer(chat);
    const header = {
      id: model.id('chatcmpl-'),
      created: Math.floor(model.now() / 1_000),
      model: chat.model,
      system_fingerprint: 'fp_offline',
    };
    const call = toolCall(answer, model);
    if (!chat.stream) return { model: chat.model, whole: completion(header, answer, call) };
    const pieces = model.pieces(answer.text);
    return {
      model: chat.model,
      type: SSE_TYPE,
      events: completionEvents(header, { answer, call, pieces, includeUsage: chat.includeUsage }),
    };
  },
  failure: openaiFailure,
  failureEvent: (error) => sse(openaiFailure(error)),
};

/** The fields that all objects of one reply share. */
interface ReplyHeader {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  readonly model: string;
  readonly system_fingerprint: string;
}

export function openaiFailure({ status, code, message, param }: ApiError) {
  const type = status === 429 ? 'requests' : status >= 500 ? 'server_error' : 'invalid_request_error';
  return { error: { message, type, param, code } };
}

function toolCall({ toolCall }: Answer, model: OfflineModel) {
  if (toolCall === undefined) return undefined;
  const { name } = toolCall;
  const call = { name, arguments: JSON.stringify(toolCall.arguments) };
  return { id: model.id('call_'), type: 'function', function: call };
}

/** A `chat.completion` object. */
function completion({ id, ...header }: ReplyHeader, answer: Answer, call: ReturnType<typeof toolCall>) {
  const content = call === undefined ? answer.text : null;
  const calls = call === undefined ? {} : { tool_calls: [call] };
  const message = { role: 'assistant', content, refusal: null, annotations: [], ...calls };
  return {
    id,
    object: 'chat.completion',
    ...header,
    choices: [{ index: 0, message, logprobs: null, finish_reason: answer.finishReason }],
    usage: usage(answer),
    service_tier: 'default',
  };
}

interface Streamed {
  readonly answer: Answer;
  readonly call: ReturnType<typeof toolCall>;
  readonly pieces: readonly string[];
  readonly includeUsage: boolean;
}

/** The server-sent events of a streamed answer, `[DONE]` included. */
function completionEvents(header: ReplyHeader, { answer, call, pieces, includeUsage }: Streamed): string[] {
  const chunk = (choices: unknown[], total: unknown = null) => {
    const head = { object: 'chat.completion.chunk', ...header, choices };
    return sse(includeUsage ? { ...head, usage: total } : head);
  };
  const choice = (delta: object, finishReason: string | null = null) =>
    chunk([{ index: 0, delta, logprobs: null, finish_reason: finishReason }]);
  const calls = (part: object) => choice({ tool_calls: [{ index: 0, ...part }] });
  const content =
    call === undefined
      ? pieces.map((piece) => choice({ content: piece }))
      : [
          calls({ ...call, function: { ...call.function, arguments: '' } }),
          calls({ function: { arguments: call.function.arguments } }),
        ];
  return [
    choice({ role: 'assistant', content: call === undefined ? '' : null, refusal: null }),
    ...content,
    choice({}, answer.finishReason),
    ...(includeUsage ? [chunk([], usage(answer))] : []),
    sse('[DONE]'),
  ];
}

function usage({ promptTokens, completionTokens }: Answer) {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
