import type { QueueStats } from '../job-queue.ts';
import type { Client } from './commands.ts';
import type { Keys } from './keys.ts';

const LISTS = ['wait', 'prioritized', 'active', 'delayed', 'failed'] as const;

/** What the queue holds, in one step: it costs as much for many jobs as for few. */
export async function statsOf(client: Client, { base, workers }: Keys): Promise<QueueStats> {
  const lists = LISTS.map((list) => base + list);
  const counts = (await client.ttaStats(...lists, workers, base)) as number[];
  const [waiting = 0, running = 0, delayed = 0, dead = 0, oldestMs = -1, there = 0] = counts;
  return { waiting, running, delayed, dead, oldestMs: oldestMs < 0 ? undefined : oldestMs, workers: there };
}
