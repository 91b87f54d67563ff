import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bulkhead, cache, fallback, keyvStore, llmStream, rateLimit, task, workflow } from '../../src/index.ts';
import { type Exposition, parseExposition } from '../../src/prometheus/parse.ts';
import { distribute, memoryQueue, startWorker, type Worker } from '../../src/queue/index.ts';
import { register, type Telemetry } from '../../src/sdk/index.ts';
import { schema } from '../../views/index.ts';
import { kinds } from '../contract/kinds.ts';

/** Labels that the text format or the endpoint adds. */
const ADDED = new Set(['job', 'le']);

describe('a real scrape after every kind has run', () => {
  let telemetry: Telemetry;
  let scrape: Exposition;
  let text: string;
  let worker: Worker;

  beforeAll(async () => {
    telemetry = await register({ prometheus: { port: 0 }, traces: false });
    for (const kind of kinds) await kind.build(async (input) => input).execute('x');
    const broken = task('broken', () => Promise.reject(new Error('no')));
    await workflow('whole', fallback(broken, [task('substitute', () => 1)])).execute(undefined);
    const dead = { get: () => Promise.reject(new Error('down')), set: async () => true, delete: async () => true };
    await cache(
      task('inner', (s: string) => s),
      { key: (s) => s, store: keyvStore(dead) },
    ).execute('x');
    const soon = task('soon', (_: number, context) => context.clock.sleep(1, context.signal));
    // Both start at the same time, so that the second always waits.
    for (const guard of [bulkhead(soon, { concurrency: 1, maxQueue: 1 }), rateLimit(soon, { permits: 1, perMs: 60 })])
      await Promise.all([guard.execute(1), guard.execute(2)]);
    const away = { take: () => Promise.reject(new Error('down')), giveBack: () => {} };
    await rateLimit(soon, { algorithm: 'bucket', permits: 1, perMs: 60, store: away }).execute(1);
    const model = {
      provider: 'fake',
      id: 'fake',
      generate: () => Promise.reject(new Error('not asked')),
      async *stream() {
        yield { text: 'chunk' };
      },
    };
    for await (const _ of await llmStream(model).execute('hi'));
    const queue = memoryQueue('texts');
    const remote = task('remote', (text: string) => text);
    worker = await startWorker({ queue, primitives: { remote } });
    await distribute('remote', remote, { queue }).execute('x');
    // Again and again: a scrape shows how the one before it was, and what a queue holds is asked in the background.
    await vi.waitFor(
      async () => {
        text = await (await fetch(telemetry.metricsUrl as string)).text();
        for (const last of ['tta_queue_jobs', 'tta_scrape_size_bytes']) expect(text).toContain(`\n${last}{`);
      },
      { timeout: 10_000, interval: 50 },
    );
    scrape = parseExposition(text);
  });
  afterAll(async () => {
    await worker.stop(0);
    await telemetry.shutdown();
  });

  const familyOf = (sample: string) =>
    [sample.replace(/_(bucket|sum|count)$/, ''), sample].find((name) => scrape.types.has(name)) ?? sample;

  it('has the meaning of each metric as its HELP, without Markdown', () => {
    const help = [...text.matchAll(/^# HELP (\S+) (.*)$/gm)].map(([, metric = '', words]) => [metric, words]);
    const meanings = schema
      .filter(({ metric }) => scrape.types.has(metric))
      .map(({ metric, meaning }) => [metric, meaning.replaceAll('`', '')]);
    expect(meanings.length).toBeGreaterThan(30);
    expect(Object.fromEntries(help)).toMatchObject(Object.fromEntries(meanings));
  });

  it('has the metrics of the schema with their types', () => {
    const typed = schema.map(({ metric, type }) => [metric, type]);
    const seen = schema.map(({ metric }) => [metric, scrape.types.get(metric)]);
    // They have their first series when a metric overflows, when there are other processes, or when metrics are sent.
    const absent = ['tta_series_overflow_total', 'tta_scrape_workers', 'tta_metrics_push_failures_total'];
    const expected = typed.map(([metric, type]) => [metric, absent.some((name) => name === metric) ? undefined : type]);
    expect(seen).toEqual(expected);
  });

  it('has no metric that the schema lacks', () => {
    const known = new Set([...schema.map(({ metric }) => metric), 'target_info']);
    expect([...scrape.types.keys()].filter((name) => !known.has(name))).toEqual([]);
  });

  it.each(schema.map((row) => [row.metric, row] as const))(
    'has exactly the labels of the schema on %s',
    (metric, row) => {
      const samples = scrape.samples.filter(({ name }) => familyOf(name) === metric);
      for (const { labels } of samples) {
        expect(labels.job).toBe('tta-primitives');
        expect(
          Object.keys(labels)
            .filter((label) => !ADDED.has(label))
            .sort(),
        ).toEqual(Object.values(row.labels).sort());
      }
      if (row.bounds !== undefined) {
        const bounds = new Set(samples.map(({ labels }) => labels.le).filter((le) => le !== undefined));
        expect([...bounds]).toEqual([...row.bounds.map(String), '+Inf']);
      }
    },
  );
});
