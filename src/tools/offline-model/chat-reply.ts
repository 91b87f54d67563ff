import { randomBytes } from 'node:crypto';

/** The model's answer, before it gets the format of OpenAI. */
export interface Answer {
  readonly text: string;
  readonly finishReason: 'stop' | 'length';
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** The fields that all objects of one reply share. */
interface ReplyHeader {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  readonly model: string;
}

export function createReplyHeader(model: string, nowMs: number): ReplyHeader {
  return { id: `chatcmpl-${randomBytes(15).toString('base64url')}`, created: Math.floor(nowMs / 1_000), model };
}

/** A `chat.completion` object. */
export function completion({ id, created, model }: ReplyHeader, answer: Answer) {
  const message = { role: 'assistant', content: answer.text, refusal: null, annotations: [] };
  return {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: answer.finishReason }],
    usage: usage(answer),
    service_tier: 'default',
    system_fingerprint: FINGERPRINT,
  };
}

/** The server-sent events of a streamed answer, `[DONE]` included. */
export function completionEvents(
  { id, created, model }: ReplyHeader,
  answer: Answer,
  pieces: readonly string[],
  includeUsage: boolean,
): string[] {
  const chunk = (choices: unknown[], total: unknown = null) => {
    const head = { id, object: 'chat.completion.chunk', created, model, system_fingerprint: FINGERPRINT, choices };
    return event(JSON.stringify(includeUsage ? { ...head, usage: total } : head));
  };
  const choice = (delta: object, finishReason: string | null = null) => [
    { index: 0, delta, logprobs: null, finish_reason: finishReason },
  ];
  return [
    chunk(choice({ role: 'assistant', content: '', refusal: null })),
    ...pieces.map((content) => chunk(choice({ content }))),
    chunk(choice({}, answer.finishReason)),
    ...(includeUsage ? [chunk([], usage(answer))] : []),
    event('[DONE]'),
  ];
}

const FINGERPRINT = 'fp_offline';

function event(data: string): string {
  return `data: ${data}\n\n`;
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
