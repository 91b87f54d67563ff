import { ApiError, isJson, type Json, listIn, objectIn, type Question } from './api.ts';

/** The part of a chat completion request that the offline model uses. */
export interface ChatRequest extends Question {
  readonly stream: boolean;
  readonly includeUsage: boolean;
}

/**
 * Reads and checks the body of `POST /v1/chat/completions`.
 *
 * @throws ApiError with status 400; it names the wrong parameter
 */
export function readChatRequest(body: Json): ChatRequest {
  const { model, messages, n, stream, stream_options: streamOptions, response_format: format } = body;
  if (typeof model !== 'string' || model === '') throw missing('model');
  if (!Array.isArray(messages) || messages.length === 0) throw missing('messages');
  if (n !== undefined && n !== null && n !== 1) throw invalid('n', 'only 1 is supported');
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean')
    throw invalid('stream', 'expected a boolean');
  return {
    model,
    messages: messages.map(readMessage),
    maxTokens: readMaxTokens(body, 'max_completion_tokens') ?? readMaxTokens(body, 'max_tokens'),
    tools: listIn(body, 'tools').map((tool) => {
      const { name, parameters } = objectIn(tool, 'function');
      return { name: String(name), parameters };
    }),
    mustCall: readToolChoice(body.tool_choice),
    schema: isJson(format) && format.type === 'json_schema' ? objectIn(format, 'json_schema').schema : undefined,
    stream: stream === true,
    includeUsage: isJson(streamOptions) && streamOptions.include_usage === true,
  };
}

/** `any` is Mistral's word for `required`. */
export function readToolChoice(choice: unknown): string | boolean {
  if (!isJson(choice)) return choice === 'required' || choice === 'any';
  const name = choice.name ?? objectIn(choice, 'function').name;
  return typeof name === 'string' ? name : choice.type === 'any';
}

function readMessage(message: unknown, index: number): { role: string; text: string } {
  const param = `messages[${index}]`;
  if (!isJson(message)) throw invalid(param, 'expected an object');
  const { role, content } = message;
  if (typeof role !== 'string') throw missing(`${param}.role`);
  if (content === null || content === undefined) return { role, text: '' };
  if (typeof content === 'string') return { role, text: content };
  if (!Array.isArray(content)) throw invalid(`${param}.content`, 'expected a string or an array of parts');
  const texts = content.map((part: unknown, at) => {
    if (isJson(part) && part.type === 'text' && typeof part.text === 'string') return part.text;
    throw invalid(`${param}.content[${at}]`, 'the offline model reads parts of type text only');
  });
  return { role, text: texts.join('\n\n') };
}

function readMaxTokens(body: Json, param: string): number | undefined {
  const value = body[param];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return value;
  throw invalid(param, `expected an integer of at least 1, got ${JSON.stringify(value)}`);
}

function missing(param: string): ApiError {
  return new ApiError(400, 'missing_required_parameter', `Missing required parameter: '${param}'.`, param);
}

function invalid(param: string, rule: string): ApiError {
  return new ApiError(400, 'invalid_value', `Invalid value for '${param}': ${rule}.`, param);
}
