/** The names of our keys in Redis, beside those of BullMQ. All begin alike: in a cluster they are on one node. */
export interface Keys {
  /** What each key of the queue begins with. */
  readonly base: string;
  /** The stream with the replies for an inbox. */
  replies(address: string): string;
  /** Is there while the process of an inbox is. */
  inbox(address: string): string;
  /** The message that cancels a job, for the worker that will start it. */
  cancel(id: string): string;
  /** Is there while a worker runs a job that Redis has lost. */
  held(id: string): string;
  /** The channel of a worker. */
  worker(name: string): string;
  /** The workers, by the time until which each is there. */
  readonly workers: string;
}

export function keysOf(prefix: string, name: string): Keys {
  const base = `${prefix}:${name}:`;
  return {
    base,
    replies: (address) => `${base}replies-${address}`,
    inbox: (address) => `${base}inbox-${address}`,
    cancel: (id) => `${base}cancel-${id}`,
    held: (id) => `${base}held-${id}`,
    worker: (worker) => `${base}worker-${worker}`,
    workers: `${base}workers`,
  };
}
