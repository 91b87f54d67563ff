import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { chooseTraceTarget } from '../../../src/tools/cli/trace-target.ts';

describe('the target of traces', () => {
  it.each([
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' },
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' },
    { OTEL_TRACES_EXPORTER: 'none' },
    { OTEL_SDK_DISABLED: 'True' },
    { OTEL_TRACES_EXPORTER: ' None ' },
    { OTEL_SDK_DISABLED: 'true ' },
  ])('is the one of the environment: %j', async (env) => {
    const { endpoint, page, reason } = await chooseTraceTarget(env, 0);
    expect({ endpoint, page, reason }).toEqual({
      endpoint: undefined,
      page: undefined,
      reason: 'set by the environment',
    });
  });

  it('is the program that listens at the port', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { endpoint, page } = await chooseTraceTarget({ OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }, port);
    expect([endpoint, page]).toEqual([`http://127.0.0.1:${port}`, undefined]);
  });

  it('is a trace receiver of our own when no program listens', async () => {
    const { endpoint, page = '', close } = await chooseTraceTarget({}, 0);
    onTestFinished(close);
    expect(page).toBe(endpoint);
    expect((await fetch(page)).status).toBe(200);
  });
});
