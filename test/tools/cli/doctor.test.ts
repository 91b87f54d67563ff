import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Finding } from '../../../src/tools/doctor/finding.ts';
import { REMEDY } from '../../../src/tools/doctor/remedies.ts';
import { freePort } from '../../support/free-port.ts';
import { startSink } from '../../support/otlp-sink.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { build, tta } from '../../support/tta.ts';
import { startApp } from '../doctor/fixtures.ts';

beforeAll(build);

const ENDPOINT_ONLY = ['--no-prometheus', '--no-collector', '--wait', '0.2'];

describe('tta doctor', () => {
  it('prints a line per check, and ends with 0 when no check fails', async () => {
    const { url } = await startApp();
    const { code, stdout, stderr } = await tta(['doctor', url, ...ENDPOINT_ONLY]).exited;
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^ok {7}endpoint {4}http:\S+ answers in \d+ ms$/m);
    expect(stdout).toMatch(/^skipped {2}prometheus {2}because it is switched off$/m);
    expect(stdout).toMatch(/^ok {7}packages {4}\d+ packages have the right version$/m);
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^\d+ ok, 0 warnings, 0 failures, \d skipped$/);
    expect(code).toBe(0);
  });

  it('prints what to do below a failed check, and ends with 1', async () => {
    const port = await freePort();
    const { code, stdout } = await tta(['doctor', ...ENDPOINT_ONLY], {
      env: { OTEL_EXPORTER_PROMETHEUS_PORT: String(port) },
    }).exited;
    expect(stdout).toContain(
      `FAILURE  endpoint    http://127.0.0.1:${port}/metrics: connection refused\n         The metrics`,
    );
    expect(stdout.replace(/\s+/g, ' ')).toContain(`${REMEDY.noEndpoint.symptom} ${REMEDY.noEndpoint.text}`);
    expect(code).toBe(1);
  });

  it('reads an endpoint that asks for a token, and shows the token nowhere', async () => {
    const token = 'opaque-tökén';
    const { url } = await startApp(undefined, { TTA_PROMETHEUS_TOKEN: token });
    const without = await tta(['doctor', url, ...ENDPOINT_ONLY]).exited;
    expect(without.stdout).toMatch(
      /^FAILURE {2}endpoint {4}http:\S+ answers 401: Metrics are read with a bearer token$/m,
    );
    expect(without.stdout).toContain(REMEDY.endpointToken.symptom);
    const file = join(tempFolder({ token: `${token}\n` }), 'token');
    const runs = [
      tta(['doctor', url, ...ENDPOINT_ONLY, '--token-file', file]),
      tta(['doctor', url, ...ENDPOINT_ONLY], { env: { TTA_PROMETHEUS_TOKEN: token } }),
    ];
    for (const { exited } of runs) {
      const { code, stdout, stderr } = await exited;
      expect([code, stdout]).toEqual([0, expect.stringMatching(/^ok {7}endpoint /m)]);
      expect(stdout + stderr).not.toContain(token);
    }
  });

  it('checks to its end a server that closes every connection without an answer', async () => {
    const server = createServer((socket) => socket.on('error', () => {}).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const args = ['doctor', `http://127.0.0.1:${port}`, ...ENDPOINT_ONLY, '--timeout', '0.5'];
    const { code, stdout } = await tta(args).exited;
    expect(stdout).toMatch(/^FAILURE {2}endpoint /m);
    expect(stdout).toMatch(/1 failure, \d+ skipped$/m);
    expect(code).toBe(1);
  });

  it.each([
    [{ OTEL_EXPORTER_PROMETHEUS_PORT: 'abc' }, 'http://127.0.0.1:9464/metrics'],
    [{ OTEL_EXPORTER_PROMETHEUS_PORT: '1', OTEL_EXPORTER_PROMETHEUS_HOST: '0.0.0.0' }, 'http://127.0.0.1:1/metrics'],
    [{ OTEL_EXPORTER_PROMETHEUS_PORT: '1', OTEL_EXPORTER_PROMETHEUS_HOST: '[::1]' }, 'http://[::1]:1/metrics'],
    [{ OTEL_EXPORTER_PROMETHEUS_PORT: '1', OTEL_EXPORTER_PROMETHEUS_HOST: 'localhost' }, 'http://localhost:1/metrics'],
  ])('checks the endpoint where a program with %j has it', async (env, address) => {
    const { stdout } = await tta(['doctor', ...ENDPOINT_ONLY], { env }).exited;
    expect(stdout).toContain(` endpoint    ${address}`);
  });

  it('asks for the address where the variable says any free port', async () => {
    const { code, stderr } = await tta(['doctor', ...ENDPOINT_ONLY], { env: { OTEL_EXPORTER_PROMETHEUS_PORT: '0' } })
      .exited;
    expect(stderr).toBe('tta: OTEL_EXPORTER_PROMETHEUS_PORT is 0, any free port: name the address of the endpoint\n');
    expect(code).toBe(1);
  });

  it('prints the same as JSON with --json', async () => {
    const { url } = await startApp();
    const prometheus = `http://127.0.0.1:${await freePort()}`;
    const { code, stdout } = await tta([
      'doctor',
      url,
      '--json',
      '--wait',
      '0.2',
      '--no-collector',
      '--prometheus',
      prometheus,
    ]).exited;
    const { healthy, findings } = JSON.parse(stdout) as { healthy: boolean; findings: Finding[] };
    expect(healthy).toBe(false);
    expect(findings.filter(({ verdict }) => verdict === 'failure')).toEqual([
      {
        check: 'prometheus',
        verdict: 'failure',
        detail: `${prometheus}: connection refused`,
        remedy: REMEDY.noPrometheus,
      },
    ]);
    expect(code).toBe(1);
  });

  it('checks the collector of the environment, with its headers', async () => {
    const sink = await startSink();
    onTestFinished(() => sink.stop());
    const { url } = await startApp();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20secret' };
    const { stdout } = await tta(['doctor', url, '--no-prometheus', '--wait', '0.2'], { env }).exited;
    expect(stdout).toContain(`ok       collector   ${sink.url} accepts spans`);
    expect(sink.requests[0]?.authorization).toBe('Bearer secret');
    expect(stdout).not.toContain('secret');
  });

  it('has a help with examples', async () => {
    const { stdout } = await tta(['doctor', '--help']).exited;
    expect(stdout).toContain('$ tta doctor http://app-1:9464/metrics --prometheus http://prometheus:9090');
    expect(stdout).toContain('The exit code is 1 when a check fails.');
  });

  it('refuses a text that is not a URL', async () => {
    const { code, stderr } = await tta(['doctor', 'app-1:9464']).exited;
    expect(code).toBe(1);
    expect(stderr).toContain('It must be a URL that starts with http:// or https://.');
  });
});
