import { bullmqQueue, type JobQueue, natsQueue } from '../../queue/index.ts';

/** Where the engine of a queue is. */
export type EngineAddress = { readonly redis: string } | { readonly nats: string };

export interface QueuePlace {
  readonly name: string;
  readonly engine: EngineAddress;
  /** What comes before the name in the engine. @default as the engine says */
  readonly prefix?: string | undefined;
}

/**
 * Opens a queue by what a command knows. It connects when it is first used.
 *
 * @param maxAwayMs how long a call waits for an engine that cannot be reached. @default as the engine says
 */
export function openQueue({ name, engine, prefix }: QueuePlace, maxAwayMs?: number): JobQueue {
  if ('redis' in engine) return bullmqQueue(name, { url: engine.redis, prefix, maxAwayMs });
  return natsQueue(name, { servers: engine.nats, prefix, maxAwayMs });
}
