/** Declares what the examples use without an import: functions, values and primitives of a user. */
import type { IncomingMessage, Server } from 'node:http';
import type {
  AiSdkTelemetry,
  BedrockClient,
  CacheStore,
  Circuit,
  KeyvLike,
  Model,
  Primitive,
  RedisLike,
  RedisSubscriberLike,
} from 'tta-primitives';
import type { JobQueue } from 'tta-primitives/queue';

declare global {
  interface Draft {
    readonly score: number;
  }
  interface Ticket {
    readonly kind: 'bug' | 'question' | 'other';
  }
  interface Cart {
    readonly items: readonly string[];
  }
  interface Stock {
    readonly reserved: number;
  }
  interface Question {
    readonly customer: string;
    readonly question: string;
  }
  const app: { get(path: string, handler: (request: Question) => unknown): void };
  const registerTelemetry: (telemetry: AiSdkTelemetry) => void;
  const bedrock: BedrockClient;
  const redis: RedisLike & { duplicate(): RedisSubscriberLike };
  const model: Model;
  const keyv: KeyvLike;
  const sharedCircuit: Circuit;
  const store: CacheStore;
  const queue: JobQueue;
  const server: Server<typeof IncomingMessage>;
  const show: (value: unknown) => void;
  const pathOf: (key: string) => string;
  const fetchPage: (url: string) => Promise<string>;
  const askModel: (question: string) => Promise<string>;
  const listModels: () => Promise<string[]>;
  const queryDatabase: (sql: string) => Promise<string[]>;
  const readReplica: (key: string) => Promise<string>;
  const readTexts: () => AsyncIterable<string>;
  const file: (ticket: Ticket) => string;
  const free: (stock: Stock) => Promise<void>;
  const read: Primitive<string, string>;
  const summarise: Primitive<string, string>;
  const search: Primitive<string, string>;
  const ask: Primitive<string, string>;
  const askHere: Primitive<string, string>;
  const askThere: Primitive<string, string>;
  const small: Primitive<string, string>;
  const large: Primitive<string, string>;
  const smallModel: Primitive<string, string>;
  const largeModel: Primitive<string, string>;
  const answer: Primitive<string | undefined, string>;
  const improve: Primitive<Draft, Draft>;
  const reproduce: Primitive<Ticket, string>;
  const reply: Primitive<Ticket, string>;
  const reserve: Primitive<Cart, Stock>;
  const charge: Primitive<Stock, string>;
  const refund: Primitive<unknown, void>;
  const printLabel: Primitive<Stock, string>;
}
