/** 0.17 MB of requests at once kept the event loop busy for 30 s and took 1 GB; 50 scrapes at once were 50 collections. */
import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { expect, it, onTestFinished } from 'vitest';
import { PrometheusExporter } from '../../src/prometheus/index.ts';

const SERIES = 1_000;

async function serve(): Promise<{ url: string; collections(): number }> {
  const exporter = new PrometheusExporter({ port: 0, preventServerStart: true });
  const provider = new MeterProvider({ readers: [exporter] });
  onTestFinished(() => provider.shutdown());
  const meter = provider.getMeter('test');
  const durations = meter.createHistogram('durations');
  for (let i = 0; i < SERIES; i += 1) durations.record(i, { i });
  let collections = 0;
  meter.createObservableGauge('collections').addCallback(() => {
    collections += 1;
  });
  await exporter.startServer();
  return { url: exporter.url as string, collections: () => collections };
}

/** The longest turn of the event loop until `work` is done, in milliseconds. */
async function longestTurn(work: Promise<unknown>): Promise<number> {
  let isDone = false;
  void work.finally(() => {
    isDone = true;
  });
  let longest = 0;
  while (!isDone) {
    const startedAt = performance.now();
    await turn();
    longest = Math.max(longest, performance.now() - startedAt);
  }
  return longest;
}

it('50 scrapes at once are two collections at most', async () => {
  const { url, collections } = await serve();
  const texts = await Promise.all(Array.from({ length: 50 }, async () => (await fetch(url)).text()));
  expect(texts.every((text) => text.includes(`durations_count{i="${SERIES - 1}"`))).toBe(true);
  expect(collections()).toBeLessThanOrEqual(2);
});

it('0.17 MB of requests in one connection cost one collection and little memory, and other clients are answered', async () => {
  const { url, collections } = await serve();
  const { port } = new URL(url);
  const before = process.memoryUsage();
  const socket = connect(Number(port), '127.0.0.1');
  const cut = new Promise((resolve) => socket.on('close', resolve));
  socket.on('error', () => {});
  socket.write('GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(3_700));
  socket.resume();
  const stall = await longestTurn(cut);
  expect((await fetch(url)).status).toBe(200);
  const after = process.memoryUsage();
  expect(collections()).toBeLessThanOrEqual(3);
  expect(stall).toBeLessThan(1_000);
  expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(50 * 1024 * 1024);
});
