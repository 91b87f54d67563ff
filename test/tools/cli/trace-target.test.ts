import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { chooseTraceTarget } from '../../../src/tools/cli/trace-target.ts';
import type { AboutAnswer } from '../../../src/tools/studio/api.ts';
import { startStudio } from '../../../src/tools/studio/studio.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { build } from '../../support/tta.ts';

beforeAll(build);

const ends: string[] = [];

/** The built one, because it starts a built program. */
async function choose(env: Record<string, string>, { port = 0, studio = true } = {}) {
  const url = pathToFileURL(resolve('dist/src/tools/cli/trace-target.js')).href;
  const built = (await import(/* @vite-ignore */ url)) as { chooseTraceTarget: typeof chooseTraceTarget };
  const target = await built.chooseTraceTarget(
    { PATH: process.env.PATH ?? '', XDG_STATE_HOME: tempFolder(), ...env },
    { port, studio, onEnd: (reason) => ends.push(reason) },
  );
  onTestFinished(target.close);
  return target;
}

const about = async (url: string | undefined) => (await (await fetch(`${url}/api/about`)).json()) as AboutAnswer;

describe('the target of traces', () => {
  it.each([
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' },
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' },
    { OTEL_TRACES_EXPORTER: 'none' },
    { OTEL_SDK_DISABLED: 'True' },
    { OTEL_TRACES_EXPORTER: ' None ' },
    { OTEL_SDK_DISABLED: 'true ' },
  ])('is the one of the environment: %j', async (env) => {
    const { traces, page, reason } = await choose(env);
    expect({ traces, page, reason }).toEqual({ traces: undefined, page: undefined, reason: 'set by the environment' });
  });

  it('is a new Studio, in a process of its own, which ends with this one', async () => {
    const { page, traces, notes, close } = await choose({ OTEL_EXPORTER_OTLP_ENDPOINT: ' ' });
    expect(traces).toEqual({ endpoint: page, scheduleDelayMs: 250 });
    expect((await about(page)).url).toBe(page);
    expect(notes.join()).not.toContain('Another program');
    await close();
    await expect(fetch(`${page}/`)).rejects.toThrow('fetch failed');
    expect(ends).toEqual([]);
  });

  it('leaves the delay of spans to the environment where that has one', async () => {
    const { page, traces } = await choose({ OTEL_BSP_SCHEDULE_DELAY: '1000' });
    expect(traces).toEqual({ endpoint: page });
  });

  it('is the Studio that runs already, which scrapes one endpoint more and is not ended', async () => {
    const studio = await startStudio({ port: 0 });
    onTestFinished(studio.close);
    const { page, reason, scrape, close } = await choose({}, { port: Number(new URL(studio.url).port) });
    expect([page, reason]).toEqual([studio.url, 'Studio runs there already']);
    await scrape({ url: 'http://127.0.0.1:1/metrics' });
    await close();
    expect((await fetch(studio.url)).status).toBe(200);
  });

  it('sends the token of the endpoint to no program that only says that it is Studio', async () => {
    const bodies: string[] = [];
    const server = createHttpServer((request, response) => {
      void text(request).then((body) => bodies.push(body));
      const about = { storage: { kind: 'disk', notes: [] } };
      response.setHeader('server', 'tta-studio').end(request.url === '/api/about' ? JSON.stringify(about) : '{}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { scrape, close } = await choose({}, { port: (server.address() as AddressInfo).port });
    await scrape({ url: 'http://127.0.0.1:1/metrics', token: 'of-the-endpoint' });
    await close();
    expect(bodies).toContain('{"url":"http://127.0.0.1:1/metrics"}');
    expect(bodies.join()).not.toContain('of-the-endpoint');
  });

  it('is a Studio at another port beside a program that says that it is Studio, and answers otherwise', async () => {
    const server = createHttpServer((_, response) => void response.setHeader('server', 'tta-studio').end('null'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { page } = await choose({}, { port: (server.address() as AddressInfo).port });
    expect((await about(page)).url).toBe(page);
  });

  it('is a Studio at another port beside a program that is none, with the lines for a collector', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { page, notes } = await choose({}, { port });
    expect((await about(page)).url).toBe(page);
    expect(notes[0]).toContain(`Another program has port ${port}, so Studio is at ${page}.`);
    expect(notes[0]).toContain(`endpoint: ${page}\n`);
  });

  it('is what listens at the port, or nothing, without Studio', async () => {
    expect(await choose({}, { port: 1, studio: false })).toMatchObject({
      traces: false,
      reason: 'without Studio, and nothing listens at port 1',
    });
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { traces, page } = await choose({}, { port, studio: false });
    expect([traces, page]).toEqual([{ endpoint: `http://127.0.0.1:${port}` }, undefined]);
  });

  it('is nothing where a Studio wants a token, and says so', async () => {
    const studio = await startStudio({ port: 0, token: 'a-token-for-readers' });
    onTestFinished(studio.close);
    const { traces, reason } = await choose({}, { port: Number(new URL(studio.url).port) });
    expect([traces, reason]).toEqual([false, expect.stringContaining('asks for its token')]);
  });

  it('is nothing where Studio cannot be started, and says why', async () => {
    const { traces, reason } = await choose({ NODE_OPTIONS: '--import ./does-not-exist.mjs' });
    expect([traces, reason]).toEqual([false, expect.stringMatching(/^Studio could not be started: .*does-not-exist/)]);
  });
});
