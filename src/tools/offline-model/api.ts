/** What the offline model's interfaces (OpenAI, Anthropic, ...) have in common: a question goes in, an answer comes out. */

/** A request, without the form of its protocol. */
export interface Question {
  readonly model: string;
  readonly messages: readonly Message[];
  /** The largest number of tokens of the answer. */
  readonly maxTokens: number | undefined;
  readonly tools: readonly Tool[];
  /** Whether the answer must be a tool call: of the tool with this name, or of any. */
  readonly mustCall: string | boolean;
  /** The JSON schema that the answer must follow, if there is one. */
  readonly schema: unknown;
}

export interface Message {
  /** `tool` for the result of a tool call. */
  readonly role: string;
  readonly text: string;
}

export interface Tool {
  readonly name: string;
  /** The JSON schema of its arguments. */
  readonly parameters: unknown;
}

export interface Answer {
  readonly text: string;
  /** If it is there, the text is empty. */
  readonly toolCall: { readonly name: string; readonly arguments: unknown } | undefined;
  readonly finishReason: 'stop' | 'length' | 'tool_calls';
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** The model behind all interfaces. */
export interface OfflineModel {
  answer(question: Question): Answer;
  /** A text in the pieces of a stream. */
  pieces(text: string): string[];
  /** The number of tokens of texts. */
  count(texts: readonly string[]): number;
  /** @throws ApiError with status 404 for a model that is not there */
  requireModel(model: string): void;
  /** A new id with this prefix. */
  id(prefix: string): string;
  /** Unix milliseconds. */
  now(): number;
}

/** An answer in the form of its protocol: one JSON value, or the events of a stream. */
export type Reply =
  | { readonly model: string; readonly whole: unknown }
  | { readonly model: string; readonly type: string; readonly events: readonly (string | Uint8Array)[] };

/** One interface of a provider. */
export interface Api {
  /** The paths that it answers, for POST. The group `model` is the model's name, if the path has it. */
  readonly path: RegExp;
  /** @throws ApiError for a wrong request */
  answer(body: Json, path: RegExpExecArray, model: OfflineModel): Reply;
  /** An error as the body of a reply. */
  failure(error: ApiError): unknown;
  /** An error inside a stream that has begun. */
  failureEvent(error: ApiError): string | Uint8Array;
}

/** An error for the client. Each interface sends it in its own form. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string | null;
  readonly param: string | null;

  constructor(status: number, code: string | null, message: string, param: string | null = null) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.param = param;
  }
}

export type Json = Readonly<Record<string, unknown>>;

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A property that must be an object; an empty one if it is not. */
export function objectIn(value: unknown, key: string): Json {
  const found = isJson(value) ? value[key] : undefined;
  return isJson(found) ? found : {};
}

/** A property that must be a list of objects; an empty one if it is not. */
export function listIn(value: unknown, key: string): readonly Json[] {
  const found = isJson(value) ? value[key] : undefined;
  return Array.isArray(found) ? found.filter(isJson) : [];
}

/** @throws ApiError with status 400 when the property is missing */
export function requiredText(body: Json, key: string): string {
  const value = body[key];
  if (typeof value === 'string' && value !== '') return value;
  throw new ApiError(400, 'missing_required_parameter', `Missing required parameter: '${key}'.`, key);
}

export function numberIn(body: Json, key: string): number | undefined {
  const value = body[key];
  return typeof value === 'number' && value > 0 ? value : undefined;
}

/** The text of a message: a text, or the texts of its parts. Pictures and other parts count as no text. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (isJson(content)) return textOf(content.text ?? content.content ?? content.output ?? '');
  return Array.isArray(content) ? content.map(textOf).filter(Boolean).join('\n\n') : '';
}

/** One server-sent event. */
export function sse(data: unknown, event?: string): string {
  const head = event === undefined ? '' : `event: ${event}\n`;
  return `${head}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
}

export const SSE_TYPE = 'text/event-stream; charset=utf-8';
