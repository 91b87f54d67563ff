/** The body of a request to the chat completions API. */
import type { ModelRequest } from './model.ts';

/** Newer models of OpenAI refuse `max_tokens`, and servers of others do not know the field that took its place. */
const COMPLETION_LIMIT: readonly string[] = ['openai', 'azure.ai.openai'];

interface Target {
  readonly model: string;
  readonly provider: string;
  /** Fields of the author's. What the request says itself comes before them. */
  readonly body?: Readonly<Record<string, unknown>> | undefined;
}

export function bodyOf(target: Target, request: ModelRequest): Record<string, unknown> {
  const { stream_options: _, ...fields } = target.body ?? {};
  const { messages, maxTokens, temperature, topP } = request;
  return {
    ...fields,
    model: target.model,
    messages: messages.map(({ role, content }) => ({ role, content })),
    ...(maxTokens === undefined ? {} : { [limitOf(target)]: maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
  };
}

/** The same for a reply in chunks, with its usage at the end unless the author's `stream_options` say otherwise. */
export function streamBodyOf(target: Target, request: ModelRequest): Record<string, unknown> {
  const { stream_options: given = {} } = target.body ?? {};
  const options = given === null ? {} : { stream_options: { include_usage: true, ...given } };
  return { ...bodyOf(target, request), stream: true, ...options };
}

function limitOf({ body = {}, provider }: Target): string {
  if ('max_tokens' in body) return 'max_tokens';
  return 'max_completion_tokens' in body || COMPLETION_LIMIT.includes(provider)
    ? 'max_completion_tokens'
    : 'max_tokens';
}
