import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { task } from '../../src/index.ts';
import { parseExposition } from '../../src/prometheus/parse.ts';
import { register, type Telemetry } from '../../src/sdk/index.ts';
import { endChildren, runProgram } from '../support/child.ts';
import { scrape, total } from '../support/scrape.ts';
import { captureWarnings } from '../support/warnings.ts';

let warnings: string[];
let handle: Telemetry | undefined;
beforeEach(() => {
  warnings = captureWarnings();
});
afterEach(async () => {
  await handle?.shutdown();
  vi.restoreAllMocks();
  endChildren();
});

async function occupy(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return { server, port: (server.address() as AddressInfo).port };
}
const start = async (port: number, host = '127.0.0.1') => {
  handle = await register({ traces: false, prometheus: { port, host } });
  return handle;
};

describe('a port that is taken', () => {
  it('is told once with its number, its holder and the way out, and everything else goes on', async () => {
    const { server, port } = await occupy();
    const sdk = await start(port);
    const step = task('beside a taken port', () => 1);
    expect(await step.execute()).toBe(1);
    expect(
      total(parseExposition(await sdk.metrics()), 'tta_primitive_executions_total', { primitive_name: step.name }),
    ).toBe(1);
    expect(sdk.metricsUrl).toBeUndefined();
    expect(sdk.metricsError?.message).toContain(`port ${port} on 127.0.0.1 is taken by`);
    if (process.platform === 'linux') expect(sdk.metricsError?.message).toContain(`process ${process.pid} (`);
    expect(sdk.metricsError?.message).toContain('OTEL_EXPORTER_PROMETHEUS_PORT');
    expect(sdk.metricsError?.message).toContain('0 for any free one');
    expect(warnings).toEqual([sdk.metricsError?.message]);
    server.close();
  });

  it('is taken over, quietly, when its holder goes', async () => {
    const { server, port } = await occupy();
    const sdk = await start(port);
    expect(sdk.metricsError).toBeDefined();
    server.close();
    await vi.waitFor(() => expect(sdk.metricsUrl).toBe(`http://127.0.0.1:${port}/metrics`), { timeout: 10_000 });
    expect(sdk.metricsError).toBeUndefined();
    expect(total(await scrape(sdk.metricsUrl as string), 'target_info')).toBe(1);
    expect(warnings).toHaveLength(1);
  });

  it('keeps no process alive', async () => {
    const { server, port } = await occupy();
    const child = runProgram(
      `const sdk = await register({ traces: false }); console.log('ERROR ' + sdk.metricsError.message);`,
      {
        env: { OTEL_EXPORTER_PROMETHEUS_PORT: String(port) },
      },
    );
    expect(await child.says('ERROR ')).toContain(String(port));
    const { code, stderr } = await child.exited;
    expect(code).toBe(0);
    expect(stderr.match(/is taken by/g)).toHaveLength(1);
    server.close();
  });

  it('in two processes that start at once serves the one that came first', async () => {
    const { server, port } = await occupy();
    await new Promise((closed) => server.close(closed));
    const program = `const sdk = await register({ traces: false, prometheus: { port: ${port} } });
      console.log('SERVES ' + (sdk.metricsUrl !== undefined)); setInterval(() => {}, 1_000);`;
    const children = [runProgram(program), runProgram(program)];
    const serves = await Promise.all(children.map((child) => child.says('SERVES ')));
    expect(serves.sort()).toEqual(['false', 'true']);
  });
});

it('an address that is not of this machine is told with the reason', async () => {
  const sdk = await start(0, '192.0.2.1');
  expect(sdk.metricsError?.message).toMatch(/cannot listen on 192\.0\.2\.1, port 0 \(.*EADDRNOTAVAIL.*\)/);
  expect(warnings).toHaveLength(1);
});
