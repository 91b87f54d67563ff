import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isDisabled, settingsFrom } from '../../src/sdk/settings.ts';
import { captureWarnings } from '../support/warnings.ts';

let warnings: string[];
beforeEach(() => {
  warnings = captureWarnings();
});
afterEach(() => {
  vi.restoreAllMocks();
  for (const name of Object.keys(process.env)) if (name.startsWith('OTEL_')) delete process.env[name];
});

describe('the environment', () => {
  it('is taken where no option says otherwise', () => {
    Object.assign(process.env, {
      OTEL_SERVICE_NAME: 'orders',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=loses,team=se%2Carch , ,zone = b',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/base/',
      OTEL_EXPORTER_PROMETHEUS_HOST: '0.0.0.0',
      OTEL_EXPORTER_PROMETHEUS_PORT: '9999',
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
      OTEL_BSP_MAX_QUEUE_SIZE: '100',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '10',
      OTEL_BSP_SCHEDULE_DELAY: '20',
      OTEL_BSP_EXPORT_TIMEOUT: '30',
    });
    const settings = settingsFrom({});
    expect(settings).toMatchObject({
      serviceName: 'orders',
      resourceAttributes: { 'service.name': 'orders', team: 'se,arch', zone: 'b' },
      prometheus: { host: '0.0.0.0', port: 9_999 },
      traces: {
        sampler: 'traceidratio',
        sampleRatio: 0.25,
        maxPending: 100,
        batchSize: 10,
        scheduleDelayMs: 20,
        exportTimeoutMs: 30,
      },
    });
    expect(settings?.traces?.url.href).toBe('http://collector:4318/base/v1/traces');
    expect(warnings).toEqual([]);
  });

  it('gives way to options', () => {
    Object.assign(process.env, {
      OTEL_SERVICE_NAME: 'environment',
      OTEL_RESOURCE_ATTRIBUTES: 'team=environment,zone=b',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://environment:1/x',
      OTEL_EXPORTER_PROMETHEUS_PORT: '1',
      OTEL_TRACES_SAMPLER: 'always_off',
      OTEL_TRACES_EXPORTER: 'none',
    });
    const settings = settingsFrom({
      serviceName: 'option',
      resourceAttributes: { team: 'option' },
      traces: { endpoint: 'http://option:2/v1/traces' },
      prometheus: { port: 0 },
      sampleRatio: 0.5,
    });
    expect(settings).toMatchObject({
      serviceName: 'option',
      resourceAttributes: { team: 'option', zone: 'b' },
      prometheus: { port: 0 },
      traces: { sampler: 'parentbased_traceidratio', sampleRatio: 0.5 },
    });
    expect(settings?.traces?.url.href).toBe('http://option:2/v1/traces');
  });

  it('has OpenTelemetry defaults, on this machine only', () => {
    const settings = settingsFrom({});
    expect(settings).toMatchObject({
      serviceName: 'tta-primitives',
      jobLabel: true,
      prometheus: { host: '127.0.0.1', port: 9_464 },
      traces: {
        sampler: 'parentbased_always_on',
        maxPending: 131_072,
        batchSize: 512,
        scheduleDelayMs: 5_000,
        exportTimeoutMs: 4_500,
      },
    });
    expect(settings?.traces?.url.href).toBe('http://localhost:4318/v1/traces');
  });

  it('takes the whole URL of OTEL_EXPORTER_OTLP_TRACES_ENDPOINT as it is', () => {
    process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT = 'https://host/custom?key=1';
    expect(settingsFrom({}).traces?.url.href).toBe('https://host/custom?key=1');
  });

  it.each([
    ['OTEL_EXPORTER_PROMETHEUS_PORT', 'abc', 'must be a whole number from 0 to 65535, got "abc"; 9464 is used instead'],
    ['OTEL_EXPORTER_PROMETHEUS_PORT', '70000', '9464 is used instead'],
    ['OTEL_BSP_MAX_QUEUE_SIZE', '-1', '131072 is used instead'],
    ['OTEL_BSP_SCHEDULE_DELAY', '1.5', '5000 is used instead'],
    ['OTEL_TRACES_SAMPLER', 'sometimes', 'must be one of parentbased_always_on,'],
    ['OTEL_TRACES_SAMPLER_ARG', '2', '1 is used instead'],
    ['OTEL_SDK_DISABLED', 'maybe', 'false is used instead'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318', 'http://localhost:4318 is used instead'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a=b=c,d=e', 'all of it is ignored'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a=%zz', 'all of it is ignored'],
  ])('%s=%s is told and left aside', (name, value, message) => {
    const read = () => ({ disabled: isDisabled(), settings: settingsFrom({}) });
    const expected = read();
    process.env[name] = value;
    expect(read()).toEqual(expected);
    expect(warnings).toEqual([expect.stringContaining(message)]);
    expect(warnings[0]).toContain(name);
  });

  it('that holds a credential is not quoted', () => {
    process.env.OTEL_EXPORTER_OTLP_ENDPOINT = 'user:pa55word@host';
    process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT = '://pa55word';
    settingsFrom({});
    expect(warnings).toHaveLength(2);
    expect(warnings.join()).not.toContain('pa55word');
  });

  it('makes a batch no larger than the queue, and says so', () => {
    process.env.OTEL_BSP_MAX_QUEUE_SIZE = '100';
    expect(settingsFrom({}).traces).toMatchObject({ maxPending: 100, batchSize: 100 });
    expect(warnings).toEqual([expect.stringContaining('OTEL_BSP_MAX_EXPORT_BATCH_SIZE')]);
  });
});

describe('OTEL_TRACES_EXPORTER and OTEL_METRICS_EXPORTER', () => {
  it.each(['none', 'None', ' NONE '])('with %j switch off spans and endpoint', (value) => {
    Object.assign(process.env, { OTEL_TRACES_EXPORTER: value, OTEL_METRICS_EXPORTER: value });
    expect(settingsFrom({})).toMatchObject({ traces: undefined, prometheus: undefined });
    expect(settingsFrom({ traces: {}, prometheus: { port: 0 } })).toMatchObject({
      traces: {},
      prometheus: { port: 0 },
    });
    expect(warnings).toEqual([]);
  });

  it.each([
    ['OTEL_TRACES_EXPORTER', 'otlp'],
    ['OTEL_TRACES_EXPORTER', 'OTLP'],
    ['OTEL_METRICS_EXPORTER', 'prometheus'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'http/json'],
    ['OTEL_PROPAGATORS', 'tracecontext, Baggage'],
  ])('and others: %s=%s is what is done', (name, value) => {
    process.env[name] = value;
    expect(settingsFrom({})).toMatchObject({ traces: {}, prometheus: {} });
    expect(warnings).toEqual([]);
  });

  it('of traces are read before those of all signals', () => {
    process.env.OTEL_EXPORTER_OTLP_PROTOCOL = 'grpc';
    process.env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL = 'http/json';
    settingsFrom({});
    expect(warnings).toEqual([]);
  });

  it.each([
    ['OTEL_TRACES_EXPORTER', 'console'],
    ['OTEL_TRACES_EXPORTER', 'otlp,zipkin'],
    ['OTEL_METRICS_EXPORTER', 'console'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'http/protobuf'],
    ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'GRPC'],
    ['OTEL_PROPAGATORS', 'b3'],
    ['OTEL_CONFIG_FILE', '/etc/otel.yaml'],
  ])('and others: %s=%s is said to be not supported', (name, value) => {
    process.env[name] = value;
    expect(settingsFrom({})).toMatchObject({ traces: {}, prometheus: {} });
    expect(warnings).toEqual([expect.stringMatching(new RegExp(`^${name}.* not supported`))]);
  });

  it('and others beside otlp are said to be not supported', () => {
    process.env.OTEL_METRICS_EXPORTER = 'otlp,console';
    expect(settingsFrom({})).toMatchObject({ prometheus: undefined, metricsPush: {} });
    expect(warnings).toEqual([expect.stringMatching(/^OTEL_METRICS_EXPORTER: "console" is not supported/)]);
  });

  it.each([
    ['otlp', true, false],
    ['OTLP', true, false],
    ['otlp,prometheus', true, true],
    ['prometheus', false, true],
    ['otlp,none', false, false],
    ['', false, true],
  ])('for metrics: %j sends them (%s) and opens the endpoint (%s)', (value, sends, opens) => {
    process.env.OTEL_METRICS_EXPORTER = value;
    const { metricsPush, prometheus } = settingsFrom({});
    expect([metricsPush !== undefined, prometheus !== undefined]).toEqual([sends, opens]);
    expect(settingsFrom({ metricsPush: false }).metricsPush).toBeUndefined();
    expect(settingsFrom({ metricsPush: {}, prometheus: {} })).toMatchObject({ metricsPush: {}, prometheus: {} });
    expect(warnings).toEqual([]);
  });

  it.each([
    [{}, 'http://localhost:4318/v1/metrics'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:1/base/' }, 'http://a:1/base/v1/metrics'],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://b:2/x' }, 'http://localhost:4318/v1/metrics'],
    [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://c:3/as/is' }, 'http://c:3/as/is'],
    [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'c:3' }, 'http://localhost:4318/v1/metrics'],
  ])('of the address of metrics: %j is %s', (env, url) => {
    Object.assign(process.env, env);
    expect(settingsFrom({ metricsPush: {} }).metricsPush?.url.href).toBe(url);
    const given = settingsFrom({ metricsPush: { endpoint: 'http://own:9/v1/metrics/' } });
    expect(given.metricsPush?.url.href).toBe('http://own:9/v1/metrics/');
  });

  it('of metrics: headers, timeouts and interval are those of all signals, of metrics, and the options', () => {
    Object.assign(process.env, {
      OTEL_EXPORTER_OTLP_HEADERS: 'a=1,b=1',
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'b=2',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'no=1',
      OTEL_EXPORTER_OTLP_TIMEOUT: '3000',
      OTEL_METRIC_EXPORT_TIMEOUT: '2000',
      OTEL_METRIC_EXPORT_INTERVAL: '500',
    });
    expect(settingsFrom({ metricsPush: { headers: { c: '3' } } }).metricsPush).toMatchObject({
      headers: { a: '1', b: '2', c: '3' },
      exportTimeoutMs: 2_000,
      intervalMs: 500,
    });
    expect(settingsFrom({ metricsPush: {}, flushTimeoutMs: 1_000 }).metricsPush?.exportTimeoutMs).toBe(900);
  });

  it('of metrics: only sums since the start are sent, and that is said', () => {
    process.env.OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE = 'delta';
    settingsFrom({});
    expect(warnings).toEqual([]);
    settingsFrom({ metricsPush: {} });
    expect(warnings).toEqual([expect.stringMatching(/TEMPORALITY_PREFERENCE: "delta" is not supported; metrics are/)]);
  });

  it('and others: nothing is said of spans where none are made, nor of metrics where there is no endpoint', () => {
    Object.assign(process.env, { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_METRICS_EXPORTER: 'console' });
    settingsFrom({ traces: false, prometheus: false });
    expect(warnings).toEqual([]);
  });
});

describe('the time of one request', () => {
  it.each([
    [{ OTEL_EXPORTER_OTLP_TIMEOUT: '3000' }, 3_000],
    [{ OTEL_EXPORTER_OTLP_TIMEOUT: '3000', OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '4000' }, 4_000],
    [{ OTEL_EXPORTER_OTLP_TIMEOUT: '3000', OTEL_BSP_EXPORT_TIMEOUT: '2000' }, 2_000],
    [{ OTEL_EXPORTER_OTLP_TIMEOUT: '10000' }, 4_500],
  ])('with %o is %i ms', (variables, expected) => {
    Object.assign(process.env, variables);
    expect(settingsFrom({}).traces?.exportTimeoutMs).toBe(expected);
  });
});

describe('a host', () => {
  it.each(['[::1]', '::1'])('%s is an address of IPv6', (host) => {
    process.env.OTEL_EXPORTER_PROMETHEUS_HOST = host;
    expect(settingsFrom({}).prometheus?.host).toBe('::1');
    expect(settingsFrom({ prometheus: { host } }).prometheus?.host).toBe('::1');
  });
});

describe('headers', () => {
  it('keep = in their values, as base64 has', () => {
    process.env.OTEL_EXPORTER_OTLP_HEADERS = 'authorization=Basic%20dXNlcjpwYXNz==, x-scope = a%2Cb';
    expect(settingsFrom({}).traces?.headers).toEqual({ authorization: 'Basic dXNlcjpwYXNz==', 'x-scope': 'a,b' });
    expect(warnings).toEqual([]);
  });

  it.each(['authorization=50%secret', 'authorization=%E0%A4%A', 'authorization=secret%0D%0Ax: y'])(
    'that cannot be sent are named without their value: %s',
    (bad) => {
      process.env.OTEL_EXPORTER_OTLP_TRACES_HEADERS = `${bad},x-scope=a`;
      expect(settingsFrom({}).traces?.headers).toEqual({ 'x-scope': 'a' });
      expect(warnings).toEqual([
        expect.stringMatching(/^OTEL_EXPORTER_OTLP_TRACES_HEADERS: the header "authorization"/),
      ]);
      expect(warnings.join()).not.toMatch(/secret|E0/);
    },
  );

  it.each(['secret', '=secret', 'bad name=secret'])('that have no valid name are not quoted: %s', (bad) => {
    process.env.OTEL_EXPORTER_OTLP_HEADERS = bad;
    expect(settingsFrom({}).traces?.headers).toEqual({});
    expect(warnings).toEqual([expect.stringContaining('OTEL_EXPORTER_OTLP_HEADERS')]);
    expect(warnings.join()).not.toContain('secret');
  });
});
