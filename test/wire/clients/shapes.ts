/** What a run of one client tells. */
export interface Run {
  readonly results: Readonly<Record<string, Case>>;
  readonly unhandled: readonly unknown[];
  /** The package and its version. */
  readonly client: string;
  /** Whether the observer sees no abort, only what breaks by it. */
  readonly breaksOnAbort?: boolean;
}

export interface Case {
  readonly result: unknown;
  readonly requests: readonly SeenRequest[];
  /** Only in a run with the observer. */
  readonly counted?: {
    /** By the name of the metric, and the status of requests. */
    readonly added: Readonly<Record<string, number>>;
    readonly spans: readonly { readonly kind: number; readonly attributes: Readonly<Record<string, unknown>> }[];
  };
}

/** A request as the server has seen it. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly string[];
  readonly body?: string;
  /** How its reply ended: `left` by the client, or cut. */
  readonly fate: 'whole' | 'left' | 'open';
  /** The fault that it met; none for requests that are no model calls, and for those that are refused. */
  readonly fault?: string;
  readonly status?: number;
  /** The tokens that its reply says. */
  readonly usage?: { readonly input: number; readonly output: number };
}
