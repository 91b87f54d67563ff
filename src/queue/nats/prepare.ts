/** Makes the streams of a queue and the consumer of its workers, or gives them the options of this process. */
import { readProperty } from '../../platform/read-property.ts';
import { isGone } from './errors.ts';
import { type Layout, nanos } from './layout.ts';
import type { ConsumerConfig, JetStreamManager, StreamConfig } from './packages.ts';

/** What a queue is like. */
export interface Shape {
  readonly maxWaiting?: number | undefined;
  readonly storage?: 'file' | 'memory' | undefined;
  readonly replicas?: number | undefined;
  readonly keepDead?: number | undefined;
  readonly keepDeadMs?: number | undefined;
  readonly lockMs?: number | undefined;
}

type Whole = { readonly [Key in keyof Shape]-?: NonNullable<Shape[Key]> };

export const DEFAULTS: Whole = {
  maxWaiting: 10_000,
  storage: 'file',
  replicas: 1,
  keepDead: 1_000,
  keepDeadMs: 7 * 86_400_000,
  lockMs: 4_000,
};

/** Nobody reads a reply that is older, and a cancellation has reached its worker. */
const KEEP_REPLIES_MS = 600_000;
/** A job that is sent again within this time is one job, although it may have ended. */
const SAME_JOB_MS = 120_000;
const KEEP_NOTES_MS = 7 * 86_400_000;
/** So many requests of workers may wait for jobs. */
const MAX_REQUESTS = 100_000;

type Left<C> = { readonly [Key in keyof C]?: C[Key] | undefined };
type Config<C> = (shape: Shape) => Left<C>;

const stored: Config<StreamConfig> = ({ replicas }) => ({ num_replicas: replicas });
/** What can be changed. What is left out is undefined. */
const jobs: Config<StreamConfig> = (shape) => ({ ...stored(shape), max_msgs: shape.maxWaiting });
const dead: Config<StreamConfig> = (shape) => ({
  ...stored(shape),
  max_msgs: shape.keepDead,
  max_age: shape.keepDeadMs === undefined ? undefined : nanos(shape.keepDeadMs),
});
const workers: Config<ConsumerConfig> = ({ lockMs }) => ({
  ack_wait: lockMs === undefined ? undefined : nanos(lockMs),
});

/**
 * What an option says is changed in a queue that exists; what it leaves out stays. So a worker that does not name the
 * bound of the queue does not reset it.
 *
 * @returns the time of the server, in milliseconds since the Unix epoch; `undefined` if it does not say
 */
export async function prepare(manager: JetStreamManager, layout: Layout, shape: Shape): Promise<number | undefined> {
  const whole = { ...DEFAULTS, ...given<Whole>(shape) };
  const { root } = layout;
  const stream = (name: string, config: Config<StreamConfig>, fixed: Partial<StreamConfig>) =>
    ensure(
      () => manager.streams.info(name),
      () => manager.streams.add({ name, storage: whole.storage, ...fixed, ...given(config(whole)) }),
      (change) => manager.streams.update(name, change),
      given(config(shape)),
    );
  await stream(layout.jobs, jobs, {
    subjects: [`${root}.job.*`],
    retention: 'workqueue',
    discard: 'new',
    max_msgs_per_subject: 1,
    discard_new_per_subject: true,
    duplicate_window: nanos(SAME_JOB_MS),
  });
  await stream(layout.replies, stored, {
    subjects: [`${root}.reply.*.*`, `${root}.to.*.cancel`],
    retention: 'workqueue',
    max_age: nanos(KEEP_REPLIES_MS),
  });
  await stream(layout.dead, dead, { subjects: [`${root}.dead.*`], max_msgs_per_subject: 1 });
  await stream(layout.notes, stored, { subjects: [layout.everyNote], max_age: nanos(KEEP_NOTES_MS) });
  await ensure(
    () => manager.consumers.info(layout.jobs, layout.consumer),
    () =>
      manager.consumers.add(layout.jobs, {
        durable_name: layout.consumer,
        ack_policy: 'explicit',
        // Counted by the workers: a job that is handed back counts as no try.
        max_deliver: -1,
        max_ack_pending: -1,
        max_waiting: MAX_REQUESTS,
        ...given(workers(whole)),
      }),
    (change) => manager.consumers.update(layout.jobs, layout.consumer, change),
    given(workers(shape)),
  );
  const { ts } = await manager.streams.info(layout.jobs);
  return ts === undefined ? undefined : Date.parse(ts);
}

/** Makes what is missing, and changes what differs. */
async function ensure<C extends object>(
  look: () => Promise<{ config: object }>,
  make: () => Promise<unknown>,
  change: (change: C) => Promise<unknown>,
  wanted: C,
): Promise<void> {
  let config: object;
  try {
    ({ config } = await look());
  } catch (error) {
    if (!isGone(error)) throw error;
    await make();
    return;
  }
  if (Object.entries(wanted).some(([key, value]) => readProperty(config, key) !== value)) await change(wanted);
}

/** Without what is left out. */
function given<C>(values: Left<C>): Partial<C> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<C>;
}

/** Deletes the streams of a queue, and with them the consumer of its workers. */
export async function removeStreams(manager: JetStreamManager, layout: Layout): Promise<void> {
  for (const name of [layout.jobs, layout.replies, layout.dead, layout.notes]) {
    await manager.streams.delete(name).catch((error: unknown) => {
      if (!isGone(error)) throw error;
    });
  }
}
