/** One call to a model that is no execution of `llm`: its span, its counts, its charge. */
import type { CallPlan, Metering } from '../ledger/charge.ts';
import type { Usage } from '../ledger/usage.ts';

/** What is known when the call begins. */
export interface ModelCallStart extends Omit<CallPlan, 'dollarsFor'> {
  /** The operation after the GenAI conventions: `chat`, `embeddings`, `generate_content`, `text_completion`. */
  readonly operation: string;
  /** Host and port of the server; never a path or a query, which may hold a key. */
  readonly serverAddress: string | undefined;
  readonly serverPort: number | undefined;
  /** Whether the reply comes in chunks. */
  readonly streams: boolean;
  /** How often the client has sent this request before, where it says so. */
  readonly resendCount: number | undefined;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  /** The messages in the conventions' form, as JSON text; only where the user asks for content. */
  readonly inputMessages?: string | undefined;
}

/** What is known when the call ends. */
export interface ModelCallEnd {
  /** The model that answered. */
  readonly model: string | undefined;
  readonly id: string | undefined;
  readonly finishReasons: readonly string[];
  /** `undefined` where the reply has none. */
  readonly usage: Usage | undefined;
  readonly metering: Metering;
  /** US dollars, where a server that is believed has said them. */
  readonly statedDollars: number | undefined;
  /** `standard`, `flex`, `batch`, `priority`, ..., where the reply or the request says it. */
  readonly serviceTier: string | undefined;
  /** `false` where nothing was sent: there is nothing to bill. @default true */
  readonly wasSent?: boolean | undefined;
  readonly outputMessages?: string | undefined;
}

export interface ModelCall {
  /**
   * Asks the budgets around the call. `undefined`: there is nothing to wait for. Rejects with the budget's error, after
   * which only `failed` may be called.
   */
  reserve(): PromiseLike<void> | undefined;
  /** Runs `work` with the call's span as the active span. */
  run<Out>(work: () => Out): Out;
  /** The first chunk of the reply has come. */
  firstChunk(): void;
  /** The call ends with the first of these three; later ones do nothing. */
  succeeded(end: ModelCallEnd): void;
  /** @param shown what the span has in place of the error */
  failed(error: unknown, end: ModelCallEnd, shown?: unknown): void;
  /** The caller has aborted the call, or has left its reply. `error`: what it was aborted with, if there is one. */
  cancelled(error: unknown, end: ModelCallEnd): void;
}
