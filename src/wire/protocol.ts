/** What the wire knows of a protocol: how its requests are recognised, and how its replies are read. */
import type { ModelCallEnd } from '../llm/model-call.ts';

/** A request as the observer sees it. The body is a text only where the client gave it as one (or as bytes of one). */
export interface WireRequest {
  readonly method: string;
  readonly url: URL;
  /** The header's value in any case of its name; `undefined` where it is missing. */
  header(name: string): string | undefined;
  /** The body; `undefined` where it is a stream or a Blob: it is not read then. */
  readonly body: string | undefined;
}

/** What a request says. */
export interface RequestFacts {
  readonly protocol: string;
  readonly operation: 'chat' | 'embeddings' | 'generate_content' | 'text_completion';
  readonly model: string | undefined;
  /** `undefined`: only the reply's content type tells. */
  readonly streams: boolean | undefined;
  readonly maxOutputTokens: number | undefined;
  /** How many answers are asked for. */
  readonly choices: number | undefined;
  readonly temperature: number | undefined;
  readonly topP: number | undefined;
  readonly serviceTier: string | undefined;
  /** Whether the request asks for usage at the end of a stream, for protocols where it must. */
  readonly asksForUsage: boolean | undefined;
}

/** Reads one reply as it passes. Keeps no text of it but an unfinished line. Never throws. */
export interface ReplyReader {
  /** Bytes of the body, decompressed. They must be read before this returns. */
  chunk(bytes: Uint8Array): void;
  /** The whole body as a text. */
  text(body: string): void;
  /** The whole body, which the client has parsed. */
  parsed(body: unknown): void;
  /** The body has ended. */
  ended(): void;
  /** Whether the protocol's last event, or the whole body, has been read. */
  readonly isComplete: boolean;
  /** An error that a reply with status 200 has, such as an error event. */
  readonly error: Error | undefined;
  /** Whether a part of the answer has been read. */
  readonly hasAnswer: boolean;
  /** What is known by now. `usage` is the last that was said, normalised. */
  facts(): ModelCallEnd;
}

/** What a reader is made for. */
export interface ReplyStart {
  /** Whether the dollars that this server states are believed. */
  readonly believesCost: boolean;
  /** The dollars in a header, as LiteLLM states them for a whole reply. */
  readonly costHeader?: string | undefined;
}

/** Whether messages are read, and what changes their texts. */
export interface ContentOptions {
  readonly captureContent?: boolean | undefined;
  readonly redact?: ((text: string) => string) | undefined;
}

/** A request that a protocol has recognised. */
export interface Recognised {
  readonly facts: RequestFacts;
  /** The messages of the request in the conventions' form, as JSON text; `undefined` where they are not asked for. */
  inputMessages(options: ContentOptions): string | undefined;
  reader(reply: ReplyStart, options: ContentOptions): ReplyReader;
}
