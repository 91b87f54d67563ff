import { afterEach, describe, expect, it } from 'vitest';
import { type Exposition, parseExposition } from '../../src/prometheus/parse.ts';
import { endChildren, runProgram } from '../support/child.ts';
import { type OtlpSink, startSink } from '../support/otlp-sink.ts';
import { scrape, total } from '../support/scrape.ts';

const sinks: OtlpSink[] = [];
afterEach(async () => {
  endChildren();
  await Promise.all(sinks.splice(0).map((sink) => sink.stop()));
});

async function sinkFor(...how: Parameters<typeof startSink>): Promise<OtlpSink> {
  const sink = await startSink(...how);
  sinks.push(sink);
  return sink;
}

/** A port that nothing listens on. */
async function deadUrl(): Promise<string> {
  const sink = await startSink();
  await sink.stop();
  return sink.url;
}

/** Ends with the last text of the endpoint on its output. */
const END = `await sdk.shutdown(); console.log('METRICS ' + JSON.stringify(await sdk.metrics()));`;
const lastMetrics = (said: string): Exposition => parseExposition(JSON.parse(said) as string);
const lost = (metrics: Exposition, reason?: string) =>
  total(metrics, 'tta_spans_lost_total', reason === undefined ? {} : { reason });
const warnings = (stderr: string) => stderr.match(/TelemetryWarning: .*/g) ?? [];

describe('spans on their way to the collector', () => {
  it('arrive, as children of their workflow, from the service by its name and without the job of the metrics', async () => {
    const sink = await sinkFor();
    const child = runProgram(
      `const sdk = await register({ serviceName: 'orders', resourceAttributes: { 'deployment.environment.name': 'test' } });
       await workflow('order', sequential(task('price', () => 1), task('book', () => 2))).execute();
       await sdk.flush(); console.log('URL ' + sdk.tracesUrl); ${END}`,
      { env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url } },
    );
    expect(await child.says('URL ')).toBe(`${sink.url}/v1/traces`);
    expect(sink.spans.map(({ name }) => name)).toEqual(expect.arrayContaining(['task price', 'task book']));
    expect(new Set(sink.spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(sink.spans.filter(({ parentSpanId }) => !parentSpanId)).toHaveLength(1);
    for (const { resource } of sink.spans) {
      expect(resource).toMatchObject({ 'service.name': 'orders', 'deployment.environment.name': 'test' });
      expect(resource.job).toBeUndefined();
    }
    expect(await child.exited).toMatchObject({ code: 0, stderr: '' });
  });

  it('are each delivered or counted when 100,000 end in one turn of the event loop', async () => {
    const sink = await sinkFor();
    const child = runProgram(
      `import { trace } from '@opentelemetry/api';
       const sdk = await register({ flushTimeoutMs: 20_000 });
       const tracer = trace.getTracer('burst');
       for (let i = 0; i < 100_000; i++) tracer.startSpan('s').end();
       ${END}`,
      { env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url } },
    );
    const metrics = lastMetrics(await child.says('METRICS '));
    expect(sink.spans.length + lost(metrics)).toBe(100_000);
    expect(new Set(sink.spans.map(({ spanId }) => spanId)).size).toBe(sink.spans.length);
    expect(lost(metrics, 'queue_full')).toBe(0);
  });

  it('are counted to the last one where the queue is too short for them', async () => {
    const sink = await sinkFor();
    const child = runProgram(
      `import { trace } from '@opentelemetry/api';
       const sdk = await register();
       const tracer = trace.getTracer('burst');
       for (let i = 0; i < 5_000; i++) tracer.startSpan('s').end();
       ${END}`,
      { env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, OTEL_BSP_MAX_QUEUE_SIZE: '1200' } },
    );
    const metrics = lastMetrics(await child.says('METRICS '));
    expect(sink.spans).toHaveLength(1_200);
    expect(lost(metrics, 'queue_full')).toBe(3_800);
    expect(lost(metrics)).toBe(3_800);
  });

  it('travel in requests that instrumentations leave alone, those of a flush after a failure too', async () => {
    const sink = await sinkFor(500);
    const child = runProgram(
      `import { channel } from 'node:diagnostics_channel';
       import { context } from '@opentelemetry/api';
       import { isTracingSuppressed } from '@opentelemetry/core';
       const requests = [];
       channel('http.client.request.start').subscribe(() => requests.push(isTracingSuppressed(context.active())));
       const sdk = await register();
       const step = task('step', () => 1);
       await step.execute(); await new Promise((seen) => process.once('warning', seen));
       await step.execute(); await sdk.flush();
       console.log('SUPPRESSED ' + requests);`,
      { env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1' } },
    );
    expect(await child.says('SUPPRESSED ')).toBe('true,true');
  });
});

describe('a collector that fails slows and breaks no workflow', () => {
  const THIRTY = `const step = task('step', (n) => n + 1);
    const sums = await Promise.all(Array.from({ length: 30 }, (_, i) => step.execute(i)));
    console.log('SUM ' + sums.reduce((a, b) => a + b));`;

  it('absent: results are right, spans are counted, one warning says where it should be', async () => {
    const url = await deadUrl();
    const child = runProgram(`const sdk = await register({ flushTimeoutMs: 1_500 }); ${THIRTY} ${END}`, {
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '5' },
    });
    expect(await child.says('SUM ')).toBe('465');
    expect(lost(lastMetrics(await child.says('METRICS ')))).toBe(30);
    const { code, stderr } = await child.exited;
    expect(code).toBe(0);
    expect(warnings(stderr).filter((line) => line.includes('could not be delivered'))).toHaveLength(1);
    expect(stderr).toContain(`${url}/v1/traces`);
    expect(stderr).toContain('OTEL_TRACES_EXPORTER=none');
  });

  it('hanging: workflows finish meanwhile, shutdown does not wait for it, spans are counted', async () => {
    const sink = await sinkFor('hang');
    const child = runProgram(
      `const sdk = await register({ flushTimeoutMs: 1_500 });
       await task('first', () => 1).execute();
       const flushed = sdk.flush().then(() => console.log('FLUSHED'));
       process.stdout.write('ASKED\\n'); ${THIRTY} await flushed; ${END}`,
      { env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url } },
    );
    await sink.requested(1);
    expect(await child.says('SUM ')).toBe('465');
    expect(lost(lastMetrics(await child.says('METRICS ')))).toBe(31);
    const { code, stdout, stderr } = await child.exited;
    expect(code).toBe(0);
    expect(stdout.indexOf('SUM')).toBeLessThan(stdout.indexOf('FLUSHED'));
    expect(warnings(stderr).filter((line) => line.includes('could not be delivered'))).toHaveLength(1);
  });

  it('hanging: holds no process that has come to its end, however many batches wait', async () => {
    const sink = await sinkFor('hang');
    const child = runProgram(
      `await register({ flushTimeoutMs: 1_500 });
       ${THIRTY}
       process.on('exit', () => console.log('ENDED'));`,
      { env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1' } },
    );
    expect((await child.exited).code).toBe(0);
    // Four requests at once, and none after those four.
    expect(sink.requests.length).toBeLessThanOrEqual(4);
  });

  it('answering 500: every span counted, one warning for all batches', async () => {
    const sink = await sinkFor(500);
    const child = runProgram(`const sdk = await register(); ${THIRTY} ${END}`, {
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '5' },
    });
    const metrics = lastMetrics(await child.says('METRICS '));
    expect(lost(metrics, 'export_failed')).toBe(30);
    expect(lost(metrics)).toBe(30);
    expect(sink.requests).toHaveLength(6);
    const { stderr } = await child.exited;
    expect(warnings(stderr)).toHaveLength(1);
    expect(stderr).toContain('500');
  });

  it('dead and back: spans arrive again, and those between are delivered or counted', async () => {
    const before = await startSink();
    const child = runProgram(
      `const sdk = await register({ flushTimeoutMs: 1_000 });
       const step = task('step', () => 1);
       console.log('URL ' + sdk.metricsUrl);
       const round = async (name) => {
         for (let i = 0; i < 10; i++) await step.execute();
         await sdk.flush();
         console.log(name);
       };
       process.once('SIGUSR2', () => {
         process.once('SIGUSR2', () => round('THIRD'));
         void round('SECOND');
       });
       await round('FIRST');
       setInterval(() => {}, 1_000);`,
      { env: { OTEL_EXPORTER_OTLP_ENDPOINT: before.url } },
    );
    const url = await child.says('URL ');
    await child.says('FIRST');
    expect(before.spans).toHaveLength(10);
    await before.stop();
    child.kill('SIGUSR2');
    await child.says('SECOND');
    const after = await sinkFor('take', before.port);
    child.kill('SIGUSR2');
    await child.says('THIRD');
    expect(after.spans.length).toBeGreaterThanOrEqual(10);
    expect(after.spans.length + lost(await scrape(url))).toBe(20);
  });

  it('counts do not depend on what is sampled', async () => {
    const counts = [];
    for (const ratio of [0, 1]) {
      const sink = await sinkFor();
      const child = runProgram(
        `const sdk = await register({ sampleRatio: ${ratio} });
         const flaky = workflow('flaky', task('odd', (n) => { if (n % 2) throw new Error('odd'); return n; }));
         await Promise.allSettled(Array.from({ length: 20 }, (_, i) => flaky.execute(i))); ${END}`,
        { env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url } },
      );
      const metrics = lastMetrics(await child.says('METRICS '));
      expect(sink.spans).toHaveLength(ratio * 40);
      expect(lost(metrics)).toBe(0);
      counts.push(
        metrics.samples
          .filter(({ name }) => /executions_total|outcomes_total|seconds_count/.test(name))
          .map(({ name, labels, value }) => `${name}${JSON.stringify(labels)} ${value}`),
      );
    }
    expect(counts[0]).toEqual(counts[1]);
    expect(counts[0]?.join()).toContain('"status":"failure","job":"tta-primitives"} 10');
  });
});

describe('credentials', () => {
  it('in the endpoint and the headers reach the collector and nothing else', async () => {
    const sink = await sinkFor(500);
    const child = runProgram(
      `const sdk = await register({ traces: { endpoint: '${sink.url.replace('//', '//user:pa55word@')}?key=s3cret', headers: { 'x-own': 'h1dden' } } });
       await task('step', () => 1).execute(); console.log('URL ' + sdk.tracesUrl); ${END}`,
      { env: { OTEL_EXPORTER_OTLP_HEADERS: 'x-env=c0ncealed' } },
    );
    expect(await child.says('URL ')).toBe(`${sink.url}/v1/traces`);
    const { stdout, stderr } = await child.exited;
    expect(sink.requests[0]).toMatchObject({
      authorization: `Basic ${Buffer.from('user:pa55word').toString('base64')}`,
      'x-own': 'h1dden',
      'x-env': 'c0ncealed',
    });
    expect(stderr).toContain('could not be delivered');
    expect(stdout + stderr).not.toMatch(/pa55word|s3cret|h1dden|c0ncealed/);
  });
});
