import { afterEach, describe, expect, it, vi } from 'vitest';
import { PrometheusExporter, type PrometheusExporterOptions } from '../../src/prometheus/index.ts';
import { placeOf } from '../../src/prometheus/options.ts';
import { register, type Telemetry } from '../../src/sdk/index.ts';
import { send } from '../support/http.ts';
import { captureWarnings } from '../support/warnings.ts';

let telemetry: Telemetry | undefined;
afterEach(async () => {
  await telemetry?.shutdown();
  vi.unstubAllEnvs();
});

/** What both the exporter and `register` refuse. */
const WRONG: readonly [string, unknown, RegExp][] = [
  ['host', 1, /host must be a name or an address such as 127\.0\.0\.1, got 1/],
  ['port', '9464', /port must be a whole number from 0 to 65535, got "9464"/],
  ['port', Number.NaN, /port must be a whole number/],
  ['preventServerStart', 'yes', /preventServerStart must be true or false/],
  ['maxSeriesPerMetric', 0, /maxSeriesPerMetric must be a whole number, 1 or more, got 0/],
  ['maxSamples', 1.5, /maxSamples must be a whole number/],
  ['collectTimeoutMs', Number.POSITIVE_INFINITY, /collectTimeoutMs must be a number from 1 to 600000/],
  ['token', '', /token must be one line of text without spaces around it/],
  ['token', ' secret', /token must be one line/],
  ['token', 'secret\n', /trim what is read from a file/],
  ['token', 'sec\nret', /token must be one line/],
  ['token', 123, /token must be one line of text.*got a number/],
  ['token', null, /token must be one line/],
  ['allowedHosts', 'metrics.example.com', /allowedHosts must be a list such as/],
  ['allowedHosts', ['https://metrics.example.com/x'], /allowedHosts\[0\] must be a name/],
  ['allowedHosts', ['a.example', null], /allowedHosts\[1\] must be a name/],
  ['allowedHosts', [''], /allowedHosts\[0\] must be a name/],
];

describe('an option that is wrong', () => {
  it.each(WRONG)('%s: %j is refused where the exporter is built', (option, value, message) => {
    expect(() => new PrometheusExporter({ preventServerStart: true, [option]: value })).toThrow(message);
  });

  it.each(WRONG)('prometheus.%s: %j is refused by register', async (option, value, message) => {
    const error = await register({ traces: false, prometheus: { [option]: value } }).catch((error) => error);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^RegisterOptions: prometheus\./);
  });

  it.each<[object, RegExp]>([
    [{ prot: 1 }, /no option "prot"/],
    [{ endpoint: 1 }, /endpoint must be a text/],
    [{ prefix: null }, /prefix must be a text/],
    [{ withResourceConstantLabels: '^job$' }, /withResourceConstantLabels\.test must be a function/],
    [{ metricProducers: [{}] }, /metricProducers\[0\]\.collect must be a function/],
  ])('%j is refused', (options, message) => {
    expect(() => new PrometheusExporter({ preventServerStart: true, ...options } as PrometheusExporterOptions)).toThrow(
      message,
    );
  });

  it('is quoted in no message where it is the token', () => {
    expect(() => new PrometheusExporter({ token: 'hunter2secret\n' })).not.toThrow(/hunter2/);
  });
});

it('all options of the exporter of OpenTelemetry are known', () => {
  const exporter = new PrometheusExporter({
    ...{ host: 'localhost', port: 0, endpoint: 'm', prefix: 'p', appendTimestamp: true, preventServerStart: true },
    ...{ metricProducers: [], withResourceConstantLabels: /x/, withoutScopeInfo: true, withoutTargetInfo: true },
  });
  expect(exporter.url).toBeUndefined();
});

describe('where the endpoint is', () => {
  it('is this machine at port 9464, for everyone on it', () => {
    for (const name of Object.keys(process.env)) if (/PROMETHEUS/.test(name)) vi.stubEnv(name, undefined);
    expect(placeOf({})).toEqual({ host: '127.0.0.1', port: 9_464, token: undefined, allowedHosts: [] });
  });

  it('is said by the environment, unless the options say it', () => {
    vi.stubEnv('OTEL_EXPORTER_PROMETHEUS_HOST', '[::1]');
    vi.stubEnv('OTEL_EXPORTER_PROMETHEUS_PORT', '0');
    vi.stubEnv('TTA_PROMETHEUS_TOKEN', 'secret\n');
    vi.stubEnv('TTA_PROMETHEUS_ALLOWED_HOSTS', 'a.example, b.example');
    expect(placeOf({})).toEqual({
      ...{ host: '::1', port: 0, token: 'secret' },
      allowedHosts: ['a.example', 'b.example'],
    });
    const options = { host: '0.0.0.0', port: 1, token: 'other', allowedHosts: ['c.example'] };
    expect(placeOf(options)).toEqual(options);
  });

  it.each(['', ' ', 'x', '-1', '65536', '1.5'])('has the default port for OTEL_EXPORTER_PROMETHEUS_PORT=%j', (text) => {
    vi.stubEnv('OTEL_EXPORTER_PROMETHEUS_PORT', text);
    expect(placeOf({}).port).toBe(9_464);
  });
});

describe('the token of register', () => {
  const bearer = { headers: { authorization: 'Bearer secret' } };

  it('is that of the options', async () => {
    telemetry = await register({ traces: false, prometheus: { port: 0, token: 'secret' } });
    const url = telemetry.metricsUrl as string;
    expect((await send(url)).status).toBe(401);
    expect((await send(url, bearer)).status).toBe(200);
    expect((await send(url.replace('/metrics', '/readyz'))).status).toBe(200);
  });

  it('is that of a later call where that call opens the endpoint; limits of the table come too late, and it is said', async () => {
    const warnings = captureWarnings();
    telemetry = await register({ traces: false, prometheus: false });
    await register({ traces: false, prometheus: { port: 0, token: 'secret', allowedHosts: [], maxSamples: 10 } });
    const url = telemetry.metricsUrl as string;
    expect((await send(url)).status).toBe(401);
    expect((await send(url, bearer)).status).toBe(200);
    expect(warnings).toEqual([expect.stringMatching(/: maxSamples of this call is ignored/)]);
  });
});
