import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { packageRoot, userFolder } from '../../../src/tools/cli/package-root.ts';
import { chooseTraceTarget } from '../../../src/tools/cli/traces.ts';

describe('where the user stands', () => {
  it('is what npm start says when it has moved to the package, and the current folder otherwise', () => {
    expect(packageRoot).toBe(resolve(import.meta.dirname, '../../..'));
    const env = { npm_lifecycle_event: 'start', INIT_CWD: '/home/ada/notes' };
    expect(userFolder(packageRoot, env)).toBe('/home/ada/notes');
    expect(userFolder('/elsewhere', env)).toBe('/elsewhere');
    expect(userFolder(packageRoot, { ...env, npm_lifecycle_event: 'test' })).toBe(packageRoot);
    expect(userFolder(packageRoot, {})).toBe(packageRoot);
  });
});

describe('traces go', () => {
  it.each([
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' },
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' },
    { OTEL_TRACES_EXPORTER: 'none' },
    { OTEL_SDK_DISABLED: 'True' },
  ])('where the environment says: %j', async (env) => {
    const { endpoint, page, why } = await chooseTraceTarget(env, 0);
    expect({ endpoint, page, why }).toEqual({ endpoint: undefined, page: undefined, why: 'as the environment says' });
  });

  it('to what listens already', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { endpoint, page } = await chooseTraceTarget({ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, port);
    expect([endpoint, page]).toEqual([`http://127.0.0.1:${port}`, undefined]);
  });

  it('to a page of our own where nothing does', async () => {
    const { endpoint, page = '', close } = await chooseTraceTarget({}, 0);
    onTestFinished(close);
    expect(page).toBe(endpoint);
    expect((await fetch(page)).status).toBe(200);
  });
});
