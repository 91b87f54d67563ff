/** The metrics in the server that a program has already: each one is the real server. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { serve } from '@hono/node-server';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { task } from '../../src/index.ts';
import { PrometheusExporter } from '../../src/prometheus/index.ts';
import { answerWeb } from '../../src/prometheus/metrics-request.ts';
import { register, type Telemetry } from '../../src/sdk/index.ts';
import { send } from '../support/http.ts';

/** What both the exporter and the handle of `register` have. */
type Handlers = Pick<Telemetry, 'handleMetrics' | 'respondMetrics'>;

const addressOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
const closing = (server: Server) => onTestFinished(() => void server.close());

const SERVERS: Readonly<Record<string, (handlers: Handlers) => Promise<string>>> = {
  async 'node:http'({ handleMetrics }) {
    const server = createServer(handleMetrics);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    closing(server);
    return addressOf(server);
  },
  async 'Express 5'({ handleMetrics }) {
    const app = express();
    app.all('/metrics', handleMetrics);
    const server = await new Promise<Server>((listening) => {
      const started = app.listen(0, '127.0.0.1', () => listening(started));
    });
    closing(server);
    return addressOf(server);
  },
  async 'Fastify 5'({ handleMetrics }) {
    const app = Fastify();
    app.all('/metrics', (request, reply) => {
      reply.hijack();
      handleMetrics(request.raw, reply.raw);
    });
    onTestFinished(() => app.close());
    return `${await app.listen({ port: 0, host: '127.0.0.1' })}/metrics`;
  },
  async 'Hono on Node.js'({ respondMetrics }) {
    const app = new Hono();
    app.all('/metrics', (context) => respondMetrics(context.req.raw));
    const server = await new Promise<Server>((listening) => {
      const started = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => listening(started as Server));
    });
    closing(server);
    return addressOf(server);
  },
};
const NAMES = Object.keys(SERVERS);
const start = (name: string, handlers: Handlers) => (SERVERS[name] as (typeof SERVERS)[string])(handlers);

function createExporter(): Handlers {
  const exporter = new PrometheusExporter({ preventServerStart: true, token: 'secret' });
  const provider = new MeterProvider({ readers: [exporter] });
  provider.getMeter('test').createCounter('greetings').add(2, { name: 'ü' });
  onTestFinished(() => provider.shutdown());
  return { handleMetrics: exporter.getMetricsRequestHandler, respondMetrics: exporter.respond };
}

describe.each(NAMES)('the exporter in a server of %s', (name) => {
  const headers = { authorization: 'Bearer secret', host: 'shop.example' };
  const begin = () => start(name, createExporter());

  it('answers as the endpoint does, under any name of the host', async () => {
    const url = await begin();
    const plain = await send(url, { headers });
    expect([plain.status, plain.headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(plain.body.toString()).toContain('greetings_total{name="ü"');
    const zipped = await send(url, { headers: { ...headers, 'accept-encoding': 'gzip' } });
    expect(zipped.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(zipped.body).toString()).toContain('greetings_total{name="ü"');
    const open = await send(url, { headers: { ...headers, accept: 'application/openmetrics-text' } });
    expect(open.headers['content-type']).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(open.body.toString()).toMatch(/# EOF\n$/);
  });

  it('asks for the token', async () => {
    const url = await begin();
    const { status, headers } = await send(url);
    expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer realm="metrics"']);
  });

  it('answers HEAD without a body, and refuses other methods', async () => {
    const url = await begin();
    const head = await send(url, { method: 'HEAD', headers });
    expect([head.status, head.body.length]).toEqual([200, 0]);
    expect(Number(head.headers['content-length'])).toBeGreaterThan(100);
    const post = await send(url, { method: 'POST', headers });
    expect([post.status, post.headers.allow]).toEqual([405, 'GET, HEAD']);
  });
});

describe('the handle of register', () => {
  let telemetry: Telemetry | undefined;
  afterEach(async () => {
    await telemetry?.shutdown();
    vi.unstubAllEnvs();
  });

  it.each(NAMES)('answers in a server of %s, and says so when it is shut down', async (name) => {
    telemetry = await register({ traces: false, prometheus: { preventServerStart: true, token: 'secret' } });
    expect(telemetry.metricsUrl).toBeUndefined();
    await task(`in ${name}`, () => 1).execute();
    const url = await start(name, telemetry);
    expect((await send(url)).status).toBe(401);
    const headers = { authorization: 'Bearer secret' };
    expect((await send(url, { headers })).body.toString()).toContain(`primitive_name="in ${name}"`);
    await telemetry.shutdown();
    const after = await send(url, { headers });
    expect(after.status).toBe(503);
    expect(after.body.toString()).toMatch(/^Metrics could not be collected: .*shut/i);
  });

  it('has the token of the environment, also without a port', async () => {
    vi.stubEnv('TTA_PROMETHEUS_TOKEN', ' secret \n');
    telemetry = await register({ traces: false, prometheus: false });
    const url = await start('node:http', telemetry);
    expect((await send(url)).status).toBe(401);
    expect((await send(url, { headers: { authorization: 'Bearer secret' } })).status).toBe(200);
  });

  it('says that telemetry is off where it is', async () => {
    vi.stubEnv('OTEL_SDK_DISABLED', 'true');
    telemetry = await register();
    for (const name of ['node:http', 'Hono on Node.js']) {
      const { status, body } = await send(await start(name, telemetry));
      expect([status, body.toString()]).toEqual([503, expect.stringContaining('OTEL_SDK_DISABLED')]);
    }
  });
});

it('a standard response has the bytes of the scrape, and no copy for each client', async () => {
  const parts = [Buffer.from('first '), Buffer.from('second')];
  const ask = () => answerWeb(new Request('http://localhost/metrics'), { read: async () => parts });
  const responses = [await ask(), await ask()];
  for (const { body } of responses) expect((await body?.getReader().read())?.value).toBe(parts[0]);
  const whole = await ask();
  expect([whole.headers.get('content-length'), await whole.text()]).toEqual(['12', 'first second']);
});

it('a server that has answered already is left alone', async () => {
  const { handleMetrics } = createExporter();
  const url = await start('node:http', {
    handleMetrics(request, response) {
      response.end('mine');
      handleMetrics(request, response);
    },
    respondMetrics: () => expect.unreachable(),
  });
  expect((await send(url, { headers: { authorization: 'Bearer secret' } })).body.toString()).toBe('mine');
});

it('what a server says that its answers depend on stays', async () => {
  const { handleMetrics } = createExporter();
  const url = await start('node:http', {
    handleMetrics(request, response) {
      response.setHeader('vary', 'Origin');
      handleMetrics(request, response);
    },
    respondMetrics: () => expect.unreachable(),
  });
  expect((await send(url)).headers.vary).toBe('Origin, Accept, Accept-Encoding, Authorization');
});
