/** The part of a chat completion request that the offline model uses. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly text: string }[];
  /** From `max_completion_tokens`, or the older `max_tokens`. */
  readonly maxTokens: number | undefined;
  readonly stream: boolean;
  readonly includeUsage: boolean;
}

/** An error that is sent to the client in the format of OpenAI. */
export class ChatError extends Error {
  readonly status: number;
  readonly body: { readonly error: { message: string; type: string; param: string | null; code: string | null } };

  constructor(status: number, code: string | null, message: string, param: string | null = null) {
    super(message);
    this.name = 'ChatError';
    this.status = status;
    const type = status === 429 ? 'requests' : status >= 500 ? 'server_error' : 'invalid_request_error';
    this.body = { error: { message, type, param, code } };
  }
}

/**
 * Reads and checks the body of `POST /v1/chat/completions`.
 *
 * @throws ChatError with status 400; it names the wrong parameter
 */
export function readChatRequest(body: string): ChatRequest {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch (error) {
    throw new ChatError(400, null, `We could not parse the JSON body of your request: ${(error as Error).message}`);
  }
  if (!isRecord(parsed)) throw new ChatError(400, null, 'The JSON body of your request must be an object');
  const { model, messages, n, stream, stream_options: streamOptions } = parsed;
  if (typeof model !== 'string' || model === '') throw missing('model');
  if (!Array.isArray(messages) || messages.length === 0) throw missing('messages');
  if (n !== undefined && n !== null && n !== 1) throw invalid('n', 'only 1 is supported');
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean')
    throw invalid('stream', 'expected a boolean');
  return {
    model,
    messages: messages.map(readMessage),
    maxTokens: readMaxTokens(parsed, 'max_completion_tokens') ?? readMaxTokens(parsed, 'max_tokens'),
    stream: stream === true,
    includeUsage: isRecord(streamOptions) && streamOptions.include_usage === true,
  };
}

function readMessage(message: unknown, index: number): { role: string; text: string } {
  const param = `messages[${index}]`;
  if (!isRecord(message)) throw invalid(param, 'expected an object');
  const { role, content } = message;
  if (typeof role !== 'string') throw missing(`${param}.role`);
  if (content === null || content === undefined) return { role, text: '' };
  if (typeof content === 'string') return { role, text: content };
  if (!Array.isArray(content)) throw invalid(`${param}.content`, 'expected a string or an array of parts');
  const texts = content.map((part: unknown, at) => {
    if (isRecord(part) && part.type === 'text' && typeof part.text === 'string') return part.text;
    throw invalid(`${param}.content[${at}]`, 'the offline model reads parts of type text only');
  });
  return { role, text: texts.join('\n\n') };
}

function readMaxTokens(body: Record<string, unknown>, param: string): number | undefined {
  const value = body[param];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return value;
  throw invalid(param, `expected an integer of at least 1, got ${JSON.stringify(value)}`);
}

function missing(param: string): ChatError {
  return new ChatError(400, 'missing_required_parameter', `Missing required parameter: '${param}'.`, param);
}

function invalid(param: string, rule: string): ChatError {
  return new ChatError(400, 'invalid_value', `Invalid value for '${param}': ${rule}.`, param);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
