/** The interface of a model: a request, a reply, and its usage. */
import type { Usage } from '../ledger/usage.ts';
import { acrossCopies } from '../platform/process-wide.ts';

export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface ModelRequest {
  readonly messages: readonly Message[];
  /** The most tokens the reply may have. */
  readonly maxTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
}

export interface ModelReply {
  readonly text: string;
  /** `undefined` if the provider did not send it; such a call counts as unmetered, and costs an unknown sum. */
  readonly usage?: Usage | undefined;
  /** The model that answered, as the provider names it; often a dated version of the requested model. */
  readonly model?: string | undefined;
  readonly id?: string | undefined;
  /** Why the reply ended, as the provider names it: `stop`, `length`, ... */
  readonly finishReason?: string | undefined;
}

/** A piece of a streamed reply. Usage, model, id and finish reason come once, mostly with the last piece. */
export interface ModelChunk extends Partial<Omit<ModelReply, 'text'>> {
  readonly text?: string | undefined;
}

export interface Model {
  /** The provider after the GenAI conventions: `openai`, `anthropic`, `aws.bedrock`, ... A label of the metrics. */
  readonly provider: string;
  /** The name of the requested model, such as `gpt-4o-mini`. The label `model` of the metrics. */
  readonly id: string;
  readonly serverAddress?: string | undefined;
  readonly serverPort?: number | undefined;
  /**
   * Sends one request, and never repeats it. Rejects with `signal.reason` when aborted. If a call fails and is billed,
   * its error has a `usage`.
   */
  generate(request: ModelRequest, options: { readonly signal: AbortSignal }): Promise<ModelReply>;
  /**
   * Sends one request, and gives the reply in chunks. Rejects when the reply is cut off: its end is taken for the end of
   * the reply. @default the model cannot stream
   */
  stream?(request: ModelRequest, options: { readonly signal: AbortSignal }): AsyncIterable<ModelChunk>;
}

/** The model answered without a text, or the reply was cut off. The call may have been billed: see `usage`. */
export class ModelReplyError extends Error {
  override readonly name = 'ModelReplyError';
  readonly usage: Usage | undefined;

  constructor(message: string, usage: Usage | undefined) {
    super(message);
    this.usage = usage;
  }
}

acrossCopies({ ModelReplyError });

/** With any other finish reason (a filter, a refusal, a call of a tool) an empty text is no answer. */
const WHOLE: readonly (string | undefined)[] = ['stop', 'length', undefined];

/** Returns the text of a reply, whole or streamed. A reply without a text is an error. */
export function requireText(text: unknown, { finishReason, usage }: Omit<ModelChunk, 'text'>): string {
  if (typeof text === 'string' && (text !== '' || WHOLE.includes(finishReason))) return text;
  throw new ModelReplyError(`the model answered without a text (finish reason: ${finishReason ?? 'none'})`, usage);
}
