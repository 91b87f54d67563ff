/** A real Prometheus at the doors of the endpoint: with its token, and compressed. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { task } from '../../src/index.ts';
import { register, type Telemetry } from '../../src/sdk/index.ts';
import { component } from '../support/component.ts';
import { eventually, startPrometheus } from '../support/prometheus.ts';
import { tempFolder } from '../support/temp-folder.ts';

const TOKEN = 'opaque-token_1';
const versions = ['prometheus', 'prometheus-3'].filter((name) => component(name) !== undefined);

let telemetry: Telemetry | undefined;
afterEach(() => telemetry?.shutdown());

/** A server of the program, which also sees what Prometheus sends. */
async function serve(): Promise<{ address: string; requests: IncomingMessage[] }> {
  telemetry = await register({ traces: false, prometheus: { preventServerStart: true, token: TOKEN } });
  await task('scraped with a token', () => 1).execute();
  const { handleMetrics } = telemetry;
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    handleMetrics(request, response);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

/** Starts Prometheus with a file that has this token. */
async function scrapeWith(version: string, token: string, address: string) {
  const file = join(tempFolder({ token: `${token}\n` }), 'token');
  const prometheus = await startPrometheus(component(version) as string, address, {
    editConfiguration: (text) =>
      text.replace(/- job_name: tta-primitives\n/, (job) => `${job}    authorization: { credentials_file: ${file} }\n`),
  });
  onTestFinished(() => prometheus.stop());
  return prometheus;
}

describe.each(versions)('%s', (version) => {
  it('scrapes with the token of a file, in OpenMetrics and compressed', async () => {
    const { address, requests } = await serve();
    const prometheus = await scrapeWith(version, TOKEN, address);
    const [series] = await eventually('a scrape', async () => {
      const found = await prometheus.query(
        'tta_primitive_executions_total{primitive_name="scraped with a token", status="success"}',
      );
      return found.length > 0 ? found : undefined;
    });
    expect(series?.value[1]).toBe('1');
    const { headers } = requests[0] ?? expect.unreachable();
    expect(headers.authorization).toBe(`Bearer ${TOKEN}`);
    const answer = await fetch(`http://${address}/metrics`, { headers: headers as Record<string, string> });
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(answer.headers.get('content-type')).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
    const text = await answer.text();
    expect(text.endsWith('# EOF\n')).toBe(true);
  });

  it('is down with the status 401 where the token is wrong', async () => {
    const { address } = await serve();
    const prometheus = await scrapeWith(version, 'wrong', address);
    const target = await eventually('a scrape that fails', async () =>
      (await prometheus.targets()).find(({ health, labels }) => health === 'down' && labels.job === 'tta-primitives'),
    );
    expect(target.lastError).toContain('401');
    expect(target.lastError).not.toContain(TOKEN);
  });
});
