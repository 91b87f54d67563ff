/** The interface of a model: a request, a reply, and its usage. */
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
  /** `undefined` if the provider did not send it; such a call counts as unmetered, and costs an unknown sum. */
  readonly usage?: Usage | undefined;
  /** The model that answered, as the provider names it; often a dated version of the requested model. */
  readonly model?: string | undefined;
  readonly id?: string | undefined;
  /** Why the reply ended, as the provider names it: `stop`, `length`, ... */
  readonly finishReason?: string | undefined;
  /** US dollars, where the provider itself says what the call costs. They come before all prices. */
  readonly dollars?: number | undefined;
  /** The provider's word for how the call was served: `flex`, `priority`, `batch`, ... Prices may depend on it. */
  readonly serviceTier?: string | undefined;
}

/** A piece of a streamed reply. Usage, model, id and finish reason come once, mostly with the last piece. */
export interface ModelChunk extends Partial<Omit<ModelReply, 'text'>> {
  readonly text?: string | undefined;
}

/** Whom the requests to a model go to. */
export interface ModelServer {
  /** The provider after the GenAI conventions: `openai`, `anthropic`, `aws.bedrock`, ... A label of the metrics. */
  readonly provider: string;
  readonly serverAddress?: string | undefined;
  readonly serverPort?: number | undefined;
}

export interface Model extends ModelServer {
  /** The name of the requested model, such as `gpt-4o-mini`. The label `model` of the metrics. */
  readonly id: string;
  /**
   * Called before each request. A model that must first load its client to know whom it asks says it here; until then the
   * fields above are a guess. @default the fields above are right
   */
  findServer?(): ModelServer | PromiseLike<ModelServer>;
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
