/** Collectors as they are met: overloaded, strict, slow, misconfigured, or something else altogether. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { parseExposition } from '../../src/prometheus/parse.ts';
import { endChildren, runProgram } from '../support/child.ts';
import { total } from '../support/scrape.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  endChildren();
  for (const close of closing.splice(0)) close();
});

type Answer = (response: ServerResponse, body: Buffer, request: IncomingMessage) => void;

/** A server that answers the requests with `answers` in turn, the last one for ever. */
async function collector(...answers: Answer[]): Promise<{ url: string; requests: number[] }> {
  const requests: number[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      requests.push(performance.now());
      (answers.length > 1 ? answers.shift() : answers[0])?.(response, body, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

const json =
  (status: number, body: object, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
const ok = json(200, {});

/** Runs three steps, flushes, shuts down, and tells what was lost and warned. */
async function deliverTo(url: string, options = '{}') {
  const child = runProgram(
    `const sdk = await register(${options});
     for (let i = 0; i < 3; i++) await task('step', () => 1).execute();
     await sdk.shutdown();
     console.log('METRICS ' + JSON.stringify(await sdk.metrics()));`,
    { env: { OTEL_EXPORTER_OTLP_ENDPOINT: url } },
  );
  const metrics = parseExposition(JSON.parse(await child.says('METRICS ')) as string);
  const { stderr, code } = await child.exited;
  expect(code).toBe(0);
  return { lost: total(metrics, 'tta_spans_lost_total', {}), warnings: stderr.match(/TelemetryWarning: .*/g) ?? [] };
}

describe('spans are counted as lost, and the warning gives the reason, where the collector', () => {
  const refused = (status: number, message: string) => json(status, { code: 3, message });
  it.each<[string, Answer, string, number]>([
    ['refuses with 400', refused(400, 'bad field "x"'), '400 bad field "x"', 3],
    ['refuses with 401', json(401, {}), '401 Unauthorized', 3],
    ['has another path', (response) => response.writeHead(404).end('404 page not found'), '404 404 page not found', 3],
    [
      'is a page of HTML with 200',
      (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><p>hello'),
      '200 with a page of HTML',
      3,
    ],
    ['redirects', (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), '302 Found', 3],
    [
      'rejects some of them',
      json(200, { partialSuccess: { rejectedSpans: '2', errorMessage: 'too old' } }),
      '2 spans of one request could not be delivered',
      2,
    ],
    ['quotes a secret', refused(400, 'key sk-abcdefghijklmnopqrstuvwx refused'), 'key [redacted]', 3],
    ['forges lines and colours', refused(400, 'a\n(node:1) Warning: \u001b[31mb'), '400 a (node:1) Warning: [31mb', 3],
    ['sends a long reason', refused(500, 'x'.repeat(10_000)), `500 ${'x'.repeat(250)}`, 3],
    [
      'sends more than anybody reads',
      (response) => {
        response.writeHead(200);
        const send = () => response.write('x'.repeat(65_536), () => setImmediate(send));
        send();
      },
      'too long for OTLP',
      3,
    ],
  ])('%s', async (_, answer, reason, lost) => {
    const { url } = await collector(answer);
    const delivered = await deliverTo(url);
    expect(delivered.lost).toBe(lost);
    expect(delivered.warnings).toHaveLength(1);
    const [warning = ''] = delivered.warnings;
    if (reason.includes('[redacted]')) {
      expect(warning).toContain('redacted');
      expect(warning).not.toContain('abcdefghijkl');
    } else expect(warning).toContain(reason);
    expect(warning.length).toBeLessThan(800);
  });

  it.each<[string, Answer]>([
    [
      'answers one byte at a time',
      (response) => {
        response.writeHead(200, { 'content-length': 1_000 });
        const timer = setInterval(() => response.write('x'), 50);
        response.on('close', () => clearInterval(timer));
      },
    ],
    ['never ends its answer', (response) => void response.writeHead(200).write('{')],
    ['never answers', () => {}],
  ])('%s: within flushTimeoutMs', async (_, answer) => {
    const { url } = await collector(answer);
    const started = performance.now();
    const delivered = await deliverTo(url, '{ flushTimeoutMs: 1_000 }');
    expect(performance.now() - started).toBeLessThan(8_000);
    expect(delivered.lost).toBe(3);
    expect(delivered.warnings.join()).toContain('no answer within 900 ms');
  });
});

describe('spans are delivered, later or in parts, where the collector', () => {
  it.each([
    ['is busy', json(503, {}, { 'retry-after': '1' })],
    ['limits its rate', json(429, {}, { 'retry-after': '1' })],
  ])('%s for a second', async (_, busy) => {
    const { url, requests } = await collector(busy, ok);
    const { lost, warnings } = await deliverTo(url);
    expect(lost).toBe(0);
    expect(warnings).toEqual([expect.stringContaining('sent again')]);
    const [first = 0, second = 0] = requests;
    expect(second - first).toBeGreaterThan(990);
  });

  it('finds every request with more than one span too large', async () => {
    let spans = 0;
    const { url } = await collector((response, body, request) => {
      if (body.toString().split('"startTimeUnixNano"').length > 2) {
        response.writeHead(400).end('http: request body too large');
        return;
      }
      spans += 1;
      ok(response, body, request);
    });
    expect(await deliverTo(url)).toEqual({ lost: 0, warnings: [] });
    expect(spans).toBe(3);
  });

  it('closes idle connections in the wrong moment', async () => {
    const { url } = await collector(ok, (response) => response.destroy(), ok);
    expect(await deliverTo(url, '{}')).toMatchObject({ lost: 0 });
  });
});

describe('the exit of the process delivers its spans where the collector', () => {
  const perRequest = (body: Buffer) => body.toString().split('"startTimeUnixNano"').length - 1;
  it.each<[string, Answer]>([
    ['is busy', json(503, {})],
    ['limits its rate', json(429, {}, { 'retry-after': '1' })],
    ['closes the connection', (response) => response.destroy()],
  ])('%s at first', async (_, first) => {
    let spans = 0;
    const { url } = await collector(first, (response, body, request) => {
      spans += perRequest(body);
      ok(response, body, request);
    });
    const child = runProgram(`await register(); await task('step', () => 1).execute(); process.exit(3);`, {
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: url },
    });
    expect(await child.exited).toMatchObject({ code: 3, stderr: '' });
    expect(spans).toBe(1);
  });

  it.each([413, 400])('finds every request with more than one span too large (%i)', async (status) => {
    let spans = 0;
    const { url } = await collector((response, body, request) => {
      if (perRequest(body) > 1) response.writeHead(status).end('http: request body too large');
      else {
        spans += 1;
        ok(response, body, request);
      }
    });
    const child = runProgram(
      `await register(); for (let i = 0; i < 5; i++) await task('step', () => 1).execute(); process.exit(3);`,
      { env: { OTEL_EXPORTER_OTLP_ENDPOINT: url } },
    );
    expect(await child.exited).toMatchObject({ code: 3, stderr: '' });
    expect(spans).toBe(5);
  });
});

describe('a span processor of the program that fails', () => {
  it.each([
    ['throws', `() => { throw new Error('processor'); }`],
    ['rejects', `async () => { throw new Error('processor'); }`],
  ])(
    'in every method (%s) changes neither the work nor the exit code, and register starts again',
    async (_, broken) => {
      let spans = 0;
      const { url } = await collector((response, body, request) => {
        spans += body.toString().split('"spanId"').length - 1;
        ok(response, body, request);
      });
      const child = runProgram(
        `const broken = ${broken.startsWith('async') ? `${broken.slice('async '.length)}` : broken};
       const late = ${broken};
       const spanProcessors = [{ onStart: broken, onEnd: broken, forceFlush: late, shutdown: late }];
       const sdk = await register({ spanProcessors });
       console.log('RESULT ' + (await task('step', () => 1).execute()));
       await sdk.flush();
       await sdk.shutdown();
       const again = await register({ spanProcessors });
       await task('step', () => 1).execute();
       console.log('AGAIN ' + (await again.metrics()).includes('tta_spans_lost_total{'));`,
        { env: { OTEL_EXPORTER_OTLP_ENDPOINT: url } },
      );
      expect(await child.says('RESULT ')).toBe('1');
      expect(await child.exited).toMatchObject({ code: 0, stderr: '' });
      expect(spans).toBe(2);
    },
  );
});
