/** The port to a model: a request, a reply, and what it used. */
import type { Usage } from '../ledger/usage.ts';

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
  /** `undefined` where the provider did not tell it; such a call counts as unpriced. */
  readonly usage?: Usage | undefined;
  /** The model that answered, in the provider's words; often a dated version of the one that was asked. */
  readonly model?: string | undefined;
  readonly id?: string | undefined;
  /** Why the reply ended, in the provider's word: `stop`, `length`, ... */
  readonly finishReason?: string | undefined;
}

/** A piece of a streamed reply. Usage, model, id and finish reason come once, mostly with the last piece. */
export interface ModelChunk extends Partial<Omit<ModelReply, 'text'>> {
  readonly text?: string | undefined;
}

export interface Model {
  /** The provider after the GenAI conventions: `openai`, `anthropic`, `aws.bedrock`, ... A label of the metrics. */
  readonly provider: string;
  /** The name of the model that is asked for, such as `gpt-4o-mini`. The label `model` of the metrics. */
  readonly id: string;
  readonly serverAddress?: string | undefined;
  readonly serverPort?: number | undefined;
  /**
   * One request, never repeated by the port itself. Rejects with `signal.reason` when aborted. An error of a call that
   * was billed all the same carries its `usage`.
   */
  generate(request: ModelRequest, options: { readonly signal: AbortSignal }): Promise<ModelReply>;
  /** The same, piece by piece. @default the model cannot stream */
  stream?(request: ModelRequest, options: { readonly signal: AbortSignal }): AsyncIterable<ModelChunk>;
}

/** The model answered without a text. The call may have been billed: `usage` tells. */
export class ModelReplyError extends Error {
  override readonly name = 'ModelReplyError';
  readonly usage: Usage | undefined;

  constructor(message: string, usage: Usage | undefined) {
    super(message);
    this.usage = usage;
  }
}
