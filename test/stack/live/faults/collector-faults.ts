/** Faults of collectors. Each has a collector of its own, an application that sends spans to it, and a store behind it. */
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LiveStack } from '../live-stack.ts';
import { addCollector, type CollectorOptions, type WatchedCollector } from './collectors.ts';
import type { Expectations } from './fault.ts';

const run = promisify(execFile);

export interface CollectorFault extends Expectations {
  readonly name: string;
  readonly options?: (stack: LiveStack) => CollectorOptions | Promise<CollectorOptions>;
  readonly inject: (watched: WatchedCollector) => unknown;
  readonly mend: (watched: WatchedCollector) => unknown;
  /** Runs at the end. */
  readonly clean?: (stack: LiveStack) => unknown;
}

const smallQueue = (configuration: string) => configuration.replace('queue_size: 500000000', 'queue_size: 100000');
const REFUSED = {
  TTACollectorQueueFills: 'it grows',
  TTACollectorSendsNothing: 'nothing takes its spans',
  TTACollectorRefusesSpans: 'there is no room in the queue',
  TTASpansLost: 'the application cannot deliver them',
};

const disk = (stack: LiveStack) => join(stack.folder, 'small-disk');
let replacement: Awaited<ReturnType<WatchedCollector['startWith']>>;

export const COLLECTOR_FAULTS: readonly CollectorFault[] = [
  {
    name: 'collector-killed',
    fault: 'A collector is killed',
    inject: ({ collector }) => collector.kill(),
    mend: ({ collector }) => collector.start(),
    raises: { TTACollectorDown: /The collector at 127\.0\.0\.1:\d+ has not answered for 2 minutes/ },
  },
  {
    name: 'collector-queue',
    fault: 'The trace store is down, and the queue of its collector fills',
    options: () => ({ edit: smallQueue }),
    inject: ({ store }) => {
      store.status = 503;
    },
    mend: ({ store }) => {
      store.status = 200;
    },
    raises: { TTACollectorQueueFull: /is (?:[89]\d|100)(?:\.\d+)?% full/ },
    mayRaise: REFUSED,
  },
  {
    name: 'collector-loses',
    fault: 'The trace store answers every request with 400',
    inject: ({ store }) => {
      store.status = 400;
    },
    mend: ({ store }) => {
      store.status = 200;
    },
    raises: { TTACollectorLosesSpans: /otlp_http of the collector 127\.0\.0\.1:\d+ dropped \d+ spans/ },
  },
  {
    name: 'collector-memory',
    fault: 'A collector has too little memory',
    inject: async ({ collector, startWith }) => {
      await collector.stop();
      replacement = await startWith({ TTA_COLLECTOR_MEMORY_MIB: '2' });
    },
    mend: async ({ collector }) => {
      await replacement.stop();
      await collector.start();
    },
    raises: { TTACollectorRefusesSpans: /has refused \d+\.\d spans a second for 5 minutes/ },
    mayRaise: { TTASpansLost: 'the application cannot deliver them' },
    withinMinutes: 15,
  },
  {
    name: 'collector-disk',
    fault: 'The disk under the queue of a collector is full',
    options: async (stack) => {
      await mkdir(disk(stack));
      await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk(stack)]);
      return { state: join(disk(stack), 'queue') };
    },
    inject: async ({ store, application }) => {
      store.status = 503;
      await writeFile(join(disk(application.stack), 'filler'), Buffer.alloc(8_000_000)).catch(() => {});
    },
    mend: async ({ store, application }) => {
      store.status = 200;
      await rm(join(disk(application.stack), 'filler'));
    },
    clean: (stack) => run('umount', ['--lazy', disk(stack)]),
    raises: { TTACollectorRefusesSpans: /has refused/ },
    mayRaise: REFUSED,
  },
  {
    name: 'sampler-overrun',
    fault: 'A sampler gets more traces than it can keep until it decides',
    options: () => ({
      tier: 'sampler',
      edit: (text) =>
        text
          .replace('num_traces: 50000', 'num_traces: 200')
          .replace('    protocols:\n', '    protocols:\n      http:\n        endpoint: 127.0.0.1:4318\n'),
      // More than 200 traces in the 10 seconds until a decision, for as long as it is broken.
      program: `
const order = workflow('order', task('charge', (n) => n));
every(100, () => { for (let i = 0; i < (broken ? 10 : 1); i += 1) order.execute(i); });`,
    }),
    inject: ({ application }) => application.toggle(),
    mend: ({ application }) => application.toggle(),
    raises: { TTASamplerDropsTraces: /The sampler 127\.0\.0\.1:\d+ dropped \d+ traces in the last 15 minutes/ },
  },
];

/** Starts the collector of a fault. */
export async function startFaultyCollector(
  stack: LiveStack,
  { name, options }: CollectorFault,
): Promise<WatchedCollector> {
  return addCollector(stack, name, (await options?.(stack)) ?? {});
}
