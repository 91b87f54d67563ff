import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { collectorText, documents } from '../../support/deployment.ts';
import { type Jaeger, startJaeger } from '../../support/jaeger.ts';
import { type PodNetwork, startPodNetwork } from '../../support/pod-network.ts';
import { eventually, startPrometheus } from '../../support/prometheus.ts';
import { makeTrace, postSpans } from '../../support/span-sender.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { jaegerPrograms } from './tiers.ts';

const programs = jaegerPrograms('prometheus', 'prometheus-3');

const PROMETHEUS_FILES = ['prometheus.yml', 'rules/recording.yml', 'rules/alerts.yml'];

/** As many as an execution of a task has. */
const FIVE_ATTRIBUTES = ['type', 'name', 'workflow', 'status', 'outcome'].map((key) => ({
  key: `tta.primitive.${key}`,
  value: { stringValue: 'twelve chars' },
}));

type SentSpan = ReturnType<typeof makeTrace>[number];

interface Compose {
  readonly services: { readonly jaeger: { readonly command: readonly string[]; readonly mem_limit: string } };
}

describe.skipIf(programs === undefined)('Jaeger as compose.yaml starts it', () => {
  let network: PodNetwork;
  let jaeger: Jaeger;
  beforeAll(async () => {
    network = await startPodNetwork();
    jaeger = await startJaeger(programs?.jaeger as string, network);
  });
  afterAll(() => network?.stop());

  it('answers at every address that the files of compose/ name', async () => {
    const compose = collectorText('compose/compose.yaml');
    const addresses = [...compose.matchAll(/http:\/\/jaeger(:\d+[\w/]*)/g)].map(([, address]) => address);
    expect(addresses.sort()).toEqual([':13133/status', ':16686', ':4318']);
    expect((await fetch(`http://${jaeger.host}:13133/status`)).status).toBe(200);
    expect(await postSpans(`http://${jaeger.host}:4318`, makeTrace())).toBe(200);
    const [group] = documents<readonly { targets: string[] }[]>(collectorText('compose/targets/jaeger.yml'))[0] ?? [];
    expect(group?.targets).toEqual(['jaeger:8888']);
    const metrics = await (await fetch(`http://${jaeger.host}:8888/metrics`)).text();
    expect(metrics).toContain('otelcol_receiver_accepted_spans');
  });

  it('answers what Grafana asks of the address of its data source', async () => {
    const [source] =
      documents<{ datasources: { type: string; url: string }[] }>(
        collectorText('grafana/provisioning/datasources/tta.yml'),
      )[0]?.datasources.filter(({ type }) => type === 'jaeger') ?? [];
    expect(source?.url).toBe('$TTA_GRAFANA_TRACES');
    const [first] = makeTrace({ name: 'GET /straße' });
    expect(await postSpans(`http://${jaeger.host}:4318`, first === undefined ? [] : [first])).toBe(200);
    const { traceId } = first as { traceId: string };
    const now = Date.now() * 1_000;
    const listed = await eventually('the service', async () => {
      const { body } = await jaeger.ask<{ data: string[] | null }>('/api/services');
      return body.data?.includes('sender') ? body.data : undefined;
    });
    expect(listed).toContain('sender');
    for (const [path, count] of [
      ['/api/services/sender/operations', undefined],
      [
        `/api/traces?service=sender&operation=GET%20%2Fstra%C3%9Fe&limit=20&lookback=custom&start=${now - 60e6}&end=${now + 60e6}`,
        1,
      ],
      [`/api/traces?service=sender&minDuration=1ms&limit=20`, undefined],
      [`/api/traces/${traceId}`, 1],
      [`/api/dependencies?endTs=${Math.round(now / 1_000)}&lookback=3600000`, undefined],
    ] as const) {
      const { status, body } = await jaeger.ask<{ data: unknown[]; errors: unknown }>(path);
      expect([path, status, body.errors]).toEqual([path, 200, null]);
      if (count !== undefined) expect([path, body.data.length]).toEqual([path, count]);
    }
    // What a person sees who opens an exemplar whose trace was not kept.
    const missing = await jaeger.ask<{ errors: { msg: string }[] }>(`/api/traces/${'0'.repeat(31)}1`);
    expect([missing.status, missing.body.errors[0]?.msg]).toEqual([404, 'trace not found']);
  });

  it.each(['prometheus', 'prometheus-3'])(
    'TTAJaegerDown fires when it ends, and only then, with %s',
    { timeout: 120_000 },
    async (name) => {
      const own = await startJaeger(programs?.jaeger as string, network);
      const source = tempFolder({
        'targets/jaeger.yml': collectorText('compose/targets/jaeger.yml').replace('jaeger', own.host),
        ...Object.fromEntries(PROMETHEUS_FILES.map((file) => [file, collectorText(`prometheus/${file}`)])),
      });
      const prometheus = await startPrometheus(programs?.[name] as string, '127.0.0.1:9', {
        source,
        editRules: (text) => text.replace(/(alert: TTAJaegerDown[\s\S]*?for: )2m/, '$15s'),
      });
      onTestFinished(() => prometheus.stop());
      const up = async (value: string) =>
        (await prometheus.query('up{job="jaeger"}'))[0]?.value[1] === value ? true : undefined;
      const alert = async () => (await prometheus.alerts()).find(({ labels }) => labels.alertname === 'TTAJaegerDown');
      await eventually('it is scraped', () => up('1'));
      expect(await alert()).toBeUndefined();
      await own.stop();
      const fires = await eventually('the alert', async () => {
        const found = await alert();
        return found?.state === 'firing' ? found : undefined;
      });
      expect(fires.labels).toMatchObject({ job: 'jaeger', instance: `${own.host}:8888` });
      expect(fires.annotations.description).toContain(`The trace store at ${own.host}:8888 (jaeger)`);
    },
  );

  it('keeps the last traces, as many of 250 spans as its memory holds', { timeout: 180_000 }, async () => {
    const [compose] = documents<Compose>(collectorText('compose/compose.yaml').replace(/\$\{\w+:-([^}]*)\}/g, '$1'));
    const { command, mem_limit } = compose?.services.jaeger ?? expect.unreachable();
    const most = Number(/max_traces=(\d+)$/.exec(command.join())?.[1]);
    expect(mem_limit).toBe('2g');
    const send = async (traces: readonly (readonly SentSpan[])[]) =>
      expect(await postSpans(`http://${jaeger.host}:4318`, traces.flat())).toBe(200);

    const before = jaeger.memoryBytes();
    const large = () => makeTrace({ spans: 250 }).map((span) => ({ ...span, attributes: FIVE_ATTRIBUTES }));
    for (let i = 0; i < 600; i += 10) await send(Array.from({ length: 10 }, large));
    const perSpan = (jaeger.memoryBytes() - before) / (600 * 250);
    process.stdout.write(`Jaeger: ${perSpan.toFixed(0)} bytes a span\n`);
    expect(perSpan * 250 * most).toBeLessThan(2 * 1_024 ** 3);

    const small = () => makeTrace({ spans: 1 });
    const [first, last] = [small(), small()];
    const isKept = async (trace: typeof first) => (await jaeger.trace(trace[0]?.traceId as string)).length === 1;
    const isStored = async (trace: typeof first) => {
      await send([trace]);
      await eventually('it is stored', async () => ((await isKept(trace)) ? true : undefined));
    };
    await isStored(first);
    for (let i = 0; i < most; i += 500) await send(Array.from({ length: 500 }, small));
    await isStored(last);
    expect(await isKept(first)).toBe(false);
  });
});
