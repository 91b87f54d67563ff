import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REMEDY } from '../../../src/tools/doctor/remedies.ts';
import { endChildren } from '../../support/child.ts';
import { build } from '../../support/tta.ts';
import { runDoctor, serve, serveTexts, startApp } from './fixtures.ts';

beforeAll(build);
afterAll(endChildren);

const OURS = 'tta_spans_lost_total{reason="shutdown"} 0\ntta_primitive_executions_total{primitive_name="a"} 1\n';

describe('a healthy program', () => {
  it('is found at an address without a path', async () => {
    const { url } = await startApp();
    const { endpoint, port, data } = await runDoctor(new URL(url).origin);
    for (const finding of [endpoint, port, data]) expect(finding?.verdict, JSON.stringify(finding)).toBe('ok');
    expect(endpoint?.detail).toContain(`${url} answers in`);
  });

  it('has the port, and the address is what is wrong, at another path', async () => {
    const { url } = await startApp();
    const wrong = url.replace('/metrics', '/metric');
    const { endpoint, port } = await runDoctor(wrong);
    expect(endpoint).toMatchObject({
      verdict: 'failure',
      detail: `${wrong} answers 404, and the metrics of this program are at ${url}`,
    });
    expect(port?.verdict).toBe('ok');
  });

  it('is not said to have taken its own port where a page of it is asked', async () => {
    const { url } = await startApp(`
      const { createServer } = await import('node:http');
      const page = createServer((_, response) => response.writeHead(404).end('no such page'));
      await new Promise((resolve) => page.listen(0, '127.0.0.1', resolve));
      task('page at ' + page.address().port, () => {});`);
    const names = (await (await fetch(url)).text()).match(/page at (\d+)/);
    const page = `http://127.0.0.1:${names?.[1]}`;
    const { endpoint, port } = await runDoctor(page);
    expect(endpoint?.detail).toBe(`${page}/metrics answers 404, and the metrics of this program are at ${url}`);
    expect(port?.verdict).toBe('ok');
  });

  it('is not called idle when it pauses for a little longer than the first wait', async () => {
    const at = (count: number) => `${OURS.replace(/1\n$/, '')}${count}\nprocess_cpu_seconds_total ${count}\n`;
    const paused = `${at(1)}x 1\n`;
    const { movement } = await runDoctor(await serveTexts(at(1), paused, at(2)));
    expect(movement?.detail).toMatch(/^1 executions ended within/);
  });
});

describe('an answer that is not from our program', () => {
  it.each([
    ['Hello World', 'The answer does not parse: line 1 is not a sample: Hello World'],
    ['', 'The answer has no series'],
    ['# no registered metrics\n', 'The answer has no series'],
    ['{"status":"ok"}', 'The answer does not parse: line 1 is not a sample: {"status":"ok"}'],
  ])('has a wrong format when it is %j', async (text, detail) => {
    const { format, port } = await runDoctor(await serveTexts(text));
    expect(format).toMatchObject({ verdict: 'failure', detail, remedy: REMEDY.noMetrics });
    expect(port).toMatchObject({ verdict: 'failure', remedy: REMEDY.portTaken });
  });

  it.each([401, 403, 500, 503])('does not tell whose port it is when its status is %d', async (status) => {
    const url = await serve((_, response) => response.writeHead(status).end('no\n'));
    const { endpoint, port } = await runDoctor(`${url}/metrics`);
    expect(endpoint?.detail).toBe(`${url}/metrics answers ${status}: no`);
    expect(port?.verdict).toBe('ok');
  });

  it('is not followed when it redirects, and no header goes to the other host', async () => {
    const seen: unknown[] = [];
    const other = await serve((request, response) => {
      seen.push(request.headers);
      response.end(OURS);
    });
    const url = await serve((_, response) => response.writeHead(307, { location: `${other}/metrics?key=abc` }).end());
    const { endpoint, collector } = await runDoctor(url, {
      collector: {
        otlpUrl: url,
        healthUrl: url,
        metricsUrl: url,
        headers: { 'x-api-key': 'secret' },
        isDefault: false,
      },
    });
    expect(endpoint?.detail).toBe(
      `${url}/metrics answers 307: it redirects to ${other}/metrics?…, which is not followed`,
    );
    expect(collector?.detail).toBe(`${url} answers 307 to spans`);
    expect(seen).toEqual([]);
  });

  it('is read up to a limit', async () => {
    const megabyte = Buffer.alloc(1_000_000, 'a');
    let sent = 0;
    const url = await serve((_, response) => {
      const more = () => {
        while (!response.destroyed && response.write(megabyte)) sent += 1;
      };
      response.on('drain', more);
      more();
    });
    const { endpoint } = await runDoctor(url, { timeoutMs: 20_000 });
    expect(endpoint).toMatchObject({ verdict: 'failure', detail: `${url}/metrics: the answer is larger than 32 MB` });
    expect(sent).toBeLessThan(200);
  });

  it('cannot colour the terminal, forge a line or show a key', async () => {
    const body = 'denied \u001b[32mok\u001b[0m key sk-proj-abcdefghijklmnop1234\u2028ok  endpoint';
    const url = await serve((_, response) => response.writeHead(403).end(body));
    const { endpoint } = await runDoctor(url);
    expect(endpoint?.detail).toBe(`${url}/metrics answers 403: denied ok key sk-[redacted]\uFFFDok endpoint`);
  });

  it('is explained when it is not HTTP, or not HTTPS', async () => {
    const url = await serveTexts(OURS);
    const { endpoint } = await runDoctor(url.replace('http:', 'https:'));
    expect(endpoint?.detail).toContain('the server does not speak TLS: write http:// in place of https://');
  });

  it('may want a user and a password, which are sent and not shown', async () => {
    const url = await serve((request, response) => {
      const [, pair = ''] = (request.headers.authorization ?? '').split(' ');
      if (Buffer.from(pair, 'base64').toString() === 'me:p@ss word') response.end(OURS);
      else response.writeHead(401).end();
    });
    const found = await runDoctor(url.replace('//', '//me:p%40ss%20word@'));
    expect(found.endpoint?.verdict).toBe('ok');
    expect(JSON.stringify(found)).not.toMatch(/p@ss|p%40ss/);
  });
});

describe('a Prometheus that answers in odd JSON', () => {
  const TIME = '{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}';

  it.each([
    'null',
    '[]',
    '5',
    '"x"',
    '{}',
    '{"data":null}',
    '{"data":{"activeTargets":[null,5,{}],"groups":[null,{}],"result":[null,{}]}}',
  ])('never ends the check: %s', async (json) => {
    const app = await serveTexts(OURS);
    const url = await serve((request, response) => response.end(request.url?.includes('time()') ? TIME : json));
    const found = await runDoctor(app, { prometheus: { url, isDefault: false } });
    expect(found.prometheus?.verdict).toBe('ok');
    expect(JSON.stringify(found)).not.toMatch(/Cannot read properties|is not iterable|is not a function/);
    const first = await runDoctor(app, { prometheus: { url: await serveTexts(json), isDefault: false } });
    expect(first.prometheus?.verdict).toBe('failure');
  });

  it('warns only when the targets that are down are programs that a small installation lacks', async () => {
    const down = (...jobs: string[]) =>
      JSON.stringify({
        data: {
          activeTargets: jobs.map((job) => ({
            labels: { job },
            health: 'down',
            scrapeUrl: 'http://x/',
            lastError: 'no',
          })),
        },
      });
    const app = await serveTexts(OURS);
    const check = async (answer: string) => {
      const url = await serve((request, response) =>
        response.end(request.url?.includes('time()') ? TIME : request.url?.includes('targets') ? answer : '{}'),
      );
      return (await runDoctor(app, { prometheus: { url, isDefault: false } })).targets?.verdict;
    };
    expect(await check(down('alertmanager', 'otel-collector'))).toBe('warning');
    expect(await check(down('alertmanager', 'shop'))).toBe('failure');
  });
});
