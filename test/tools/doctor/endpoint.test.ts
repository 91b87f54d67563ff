import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REMEDY } from '../../../src/tools/doctor/remedies.ts';
import { endChildren } from '../../support/child.ts';
import { freePort } from '../../support/free-port.ts';
import { startSink } from '../../support/otlp-sink.ts';
import { build } from '../../support/tta.ts';
import { runDoctor, serve, serveTexts, startApp } from './fixtures.ts';

beforeAll(build);
afterAll(endChildren);

const OURS = 'tta_spans_lost_total{reason="shutdown"} 0\ntta_primitive_executions_total{primitive_name="a"} 1\n';

describe('the endpoint', () => {
  it('is ok when it answers with metrics of a program that runs primitives, and its clock agrees with ours', async () => {
    const { url } = await startApp();
    const found = await runDoctor(url);
    for (const check of [
      'endpoint',
      'port',
      'format',
      'data',
      'movement',
      'series',
      'prices',
      'tokens',
      'clock',
      'node',
    ])
      expect(found[check]?.verdict, JSON.stringify(found[check])).toBe('ok');
    expect(found.port?.detail).toMatch(/^\S+ \(process \d+\) has port \d+$/);
    expect(found.data?.detail).toBe('2 primitives have series');
    expect(found.movement?.detail).toMatch(/^\d+ executions ended within \d+\.\d s$/);
    expect(found.clock?.detail).toBe('Our clock agrees with that of the endpoint');
  });

  it('fails when no process listens', async () => {
    const { endpoint, port, format, movement } = await runDoctor(`http://127.0.0.1:${await freePort()}/metrics`);
    expect(endpoint).toMatchObject({ verdict: 'failure', remedy: REMEDY.noEndpoint });
    expect(endpoint?.detail).toMatch(/connection refused$/);
    expect(port).toMatchObject({
      verdict: 'skipped',
      detail: expect.stringMatching(/^no process listens on port \d+$/),
    });
    expect([format?.verdict, movement?.verdict]).toEqual(['skipped', 'skipped']);
  });

  it('fails when a stopped program does not answer, and names the program', async () => {
    const { url, child } = await startApp();
    child.kill('SIGSTOP');
    const { endpoint, port } = await runDoctor(url, { timeoutMs: 300 });
    expect(endpoint).toMatchObject({ verdict: 'failure', remedy: REMEDY.slowEndpoint });
    expect(endpoint?.detail).toContain('no answer within 0.3 s');
    expect(port).toMatchObject({ verdict: 'ok', detail: expect.stringContaining('has port') });
  });

  it('fails when another program has the port, and names it', async () => {
    const url = await serve((_, response) => response.writeHead(404).end('Not here\n'));
    const { endpoint, port } = await runDoctor(`${url}/metrics`);
    expect(endpoint).toMatchObject({ verdict: 'failure', remedy: REMEDY.noMetrics });
    expect(endpoint?.detail).toMatch(/answers 404: Not here$/);
    expect(port).toMatchObject({ verdict: 'failure', remedy: REMEDY.portTaken });
    expect(port?.detail).toContain(`(process ${process.pid}) has port ${new URL(url).port}`);
  });

  it('does not look for the owner of a port of another machine', async () => {
    const { port } = await runDoctor('http://metrics.invalid:9464/metrics');
    expect(port).toMatchObject({ verdict: 'skipped', detail: 'metrics.invalid is another machine' });
  });

  it('fails when the answer is not a scrape, and quotes the line', async () => {
    const { format, endpoint } = await runDoctor(await serveTexts('up 1\n<html>\n'));
    expect(endpoint?.verdict).toBe('ok');
    expect(format).toMatchObject({ verdict: 'failure', remedy: REMEDY.noMetrics });
    expect(format?.detail).toContain('line 2 is not a sample: <html>');
  });

  it('fails when the metrics are not of this package', async () => {
    const { data, format, port } = await runDoctor(await serveTexts('node_load1 0.5\n'));
    expect(format?.verdict).toBe('ok');
    expect(data).toMatchObject({ verdict: 'failure', remedy: REMEDY.noSeries });
    expect(port).toMatchObject({ verdict: 'failure', remedy: REMEDY.portTaken });
  });

  it('warns when no primitive has been built', async () => {
    const { url } = await startApp('');
    expect((await runDoctor(url)).data).toMatchObject({ verdict: 'warning', remedy: REMEDY.noSeries });
  });
});

describe('the movement', () => {
  it('warns when nothing runs', async () => {
    const { url } = await startApp("task('idle', () => {})");
    const { movement } = await runDoctor(url);
    expect(movement).toMatchObject({ verdict: 'warning', remedy: REMEDY.noMovement });
    expect(movement?.detail).toMatch(/^No execution ended within \d+\.\d s, 0 are running$/);
  });

  it('says how many executions are running when one never ends', async () => {
    const { url } = await startApp("void task('hang', () => new Promise(() => {})).execute();");
    expect((await runDoctor(url)).movement?.detail).toMatch(/, 1 are running$/);
  });

  it('fails when no number changes', async () => {
    const { movement } = await runDoctor(await serveTexts(OURS));
    expect(movement).toMatchObject({ verdict: 'failure', remedy: REMEDY.frozen });
  });

  it('warns when the process was restarted', async () => {
    const at = (start: number) => `${OURS}process_start_time_seconds ${start}\n`;
    const { movement } = await runDoctor(await serveTexts(at(1), at(2)));
    expect(movement).toMatchObject({ verdict: 'warning', detail: 'The process was restarted between the two scrapes' });
  });

  it('fails when the program ends between the two scrapes', async () => {
    let requests = 0;
    const url = await serve((_, response) => (requests++ === 0 ? response.end(OURS) : response.destroy()));
    const { movement, spans } = await runDoctor(url);
    expect(movement).toMatchObject({ verdict: 'failure', remedy: REMEDY.noEndpoint });
    expect(movement?.detail).toMatch(/^The endpoint answered once, and then no more: \S/);
    expect(spans?.verdict).toBe('skipped');
  });
});

describe('the metrics of the program', () => {
  it('are a failure while spans are being lost, and a warning afterwards', async () => {
    const sink = await startSink(400);
    const env = { OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, OTEL_BSP_SCHEDULE_DELAY: '20' };
    const burst =
      "const one = task('one', () => {}); void one.execute(); await new Promise((go) => setTimeout(go, 100)); await sdk.flush();";
    const [losing, lost] = await Promise.all([startApp(undefined, env), startApp(burst, env)]);
    // After a failure the exporter waits up to five seconds before the next attempt.
    const now = (await runDoctor(losing.url, { waitMs: 6_000 })).spans;
    expect(now).toMatchObject({ verdict: 'failure', remedy: REMEDY.spansLost });
    expect(now?.detail).toMatch(/^\d+ spans were lost within \d+\.\d s; since the start: \d+ export_failed$/);
    const before = (await runDoctor(lost.url)).spans;
    expect(before).toMatchObject({ verdict: 'warning', detail: 'Spans were lost since the start: 1 export_failed' });
    await sink.stop();
  });

  it('show no lost spans when a collector accepts them', async () => {
    const sink = await startSink();
    const { url } = await startApp(undefined, { OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: sink.url });
    expect((await runDoctor(url)).spans).toMatchObject({ verdict: 'ok', detail: 'The program has lost no spans' });
    await sink.stop();
  });

  it('are a warning when a metric is full', async () => {
    const { url } = await startApp("for (let i = 0; i < 2_500; i += 1) void task('t' + i, () => {}).execute();");
    const { series } = await runDoctor(url);
    expect(series).toMatchObject({ verdict: 'warning', remedy: REMEDY.overflow });
    expect(series?.detail).toContain('tta_primitive_executions_total');
  });

  it('are a warning when a model has no price', async () => {
    const model =
      "{ provider: 'home', id: 'own', generate: async () => ({ text: 'x', usage: { inputTokens: 1, outputTokens: 1 } }) }";
    const { url } = await startApp(`await llm(${model}).execute('hi');`);
    const { prices } = await runDoctor(url);
    expect(prices).toMatchObject({ verdict: 'warning', remedy: REMEDY.unpriced });
    expect(prices?.detail).toBe('Calls without a price: 1 to own of home');
  });

  it('are a warning of another kind when the tokens of a call are unknown', async () => {
    const model = "{ provider: 'openai', id: 'gpt-4', generate: async () => ({ text: 'x' }) }";
    const { url } = await startApp(`await llm(${model}).execute('hi');`);
    const { prices, tokens } = await runDoctor(url);
    expect(prices?.verdict).toBe('ok');
    expect(tokens).toMatchObject({ verdict: 'warning', remedy: REMEDY.unmetered });
    expect(tokens?.detail).toBe('Calls without known tokens, and so without a cost: 1 to gpt-4 of openai');
  });
});

describe('the clock', () => {
  const serveWithSkew = (ms: number) =>
    serve((_, response) => response.setHeader('date', new Date(Date.now() + ms).toUTCString()).end(OURS));

  it.each([
    [-10_000, 'warning', 'The clock of the endpoint is', 's behind ours'],
    [10_000, 'warning', 'The clock of the endpoint is', 's ahead of ours'],
    [-3_600_000, 'failure', 'The clock of the endpoint is', 's behind ours'],
    [0, 'ok', 'Our clock agrees', 'that of the endpoint'],
  ] as const)('%d ms of skew: %s', async (ms, verdict, start, end) => {
    const { clock } = await runDoctor(await serveWithSkew(ms));
    expect(clock).toMatchObject({ verdict, ...(verdict === 'ok' ? {} : { remedy: REMEDY.clock }) });
    expect(clock?.detail.startsWith(start) && clock.detail.endsWith(end), clock?.detail).toBe(true);
  });

  it('is skipped when no server sends its time', async () => {
    const url = await serve((_, response) => {
      response.sendDate = false;
      response.end(OURS);
    });
    expect((await runDoctor(url)).clock?.verdict).toBe('skipped');
  });
});
