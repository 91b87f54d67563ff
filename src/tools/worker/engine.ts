import { bullmqQueue, type JobQueue, natsQueue } from '../../queue/index.ts';

/** Where the engine of a queue is. */
export type EngineAddress = { readonly redis: string } | { readonly nats: string };

export interface QueuePlace {
  readonly name: string;
  readonly engine: EngineAddress;
}

/** Opens a queue by what a command knows. It connects when it is first used. */
export function openQueue({ name, engine }: QueuePlace): JobQueue {
  if ('redis' in engine) return bullmqQueue(name, { url: engine.redis });
  return natsQueue(name, { servers: engine.nats });
}
