import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createNumbers, type NumbersOptions } from '../../../../src/tools/studio/numbers/numbers.ts';
import { freePort } from '../../../support/free-port.ts';
import { type Answer, endpoint, metrics } from './endpoint.ts';

function numbersOf(options: Partial<NumbersOptions> = {}) {
  const numbers = createNumbers({ targets: [], retentionDays: 7, ...options });
  onTestFinished(() => numbers.close());
  return numbers;
}

const RUNS = 'tta_workflow_executions_total{workflow_name="a",status="success"}';
const start = () => ({ process_start_time_seconds: Date.now() / 1_000 - 0.5 });
const text =
  (status: number, body: string, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    response.writeHead(status, headers).end(body);

describe('an endpoint', () => {
  it('is scraped at once, under /metrics when its address has no path, and gives numbers', async () => {
    const paths: string[] = [];
    const { url } = await endpoint((request, response) => {
      paths.push(`${request.url} ${request.headers.accept}`);
      metrics({ ...start(), [RUNS]: 3 })(request, response);
    });
    const numbers = numbersOf();
    const state = await numbers.addTarget({ url });
    expect(state).toMatchObject({ url: `${url}/metrics`, scrapes: 1, problem: '', series: 1 });
    expect(paths).toEqual(['/metrics text/plain;version=0.0.4']);
    const { panels, targets } = numbers.answer(new URLSearchParams('window=60000'));
    expect(panels.find(({ id }) => id === 'executions')?.series[0]?.total).toBe(3);
    expect(targets).toEqual([state]);
  });

  it('is asked again when it is told again, and has what happened until then', async () => {
    const { url, set } = await endpoint(metrics({ ...start(), [RUNS]: 3 }));
    const numbers = numbersOf();
    await numbers.addTarget({ url });
    set(metrics({ ...start(), [RUNS]: 5 }));
    await numbers.addTarget({ url: `${url}/metrics` });
    const { panels, targets } = numbers.answer(new URLSearchParams('window=60000'));
    expect(panels.find(({ id }) => id === 'executions')?.series[0]?.total).toBe(5);
    expect(targets).toHaveLength(1);
  });

  it('is scraped every five seconds', { timeout: 20_000 }, async () => {
    const { url } = await endpoint(metrics({ ...start(), [RUNS]: 3 }));
    const numbers = numbersOf({ targets: [{ url }] });
    await expect.poll(() => numbers.targets()[0]?.scrapes, { timeout: 15_000 }).toBeGreaterThanOrEqual(3);
  });

  it('gets its token, and shows no password', async () => {
    const seen: (string | undefined)[] = [];
    const { url } = await endpoint((request, response) => {
      seen.push(request.headers.authorization);
      metrics({ ...start(), [RUNS]: 3 })(request, response);
    });
    const numbers = numbersOf();
    await numbers.addTarget({ url, token: 'secret' });
    expect(seen).toEqual(['Bearer secret']);
    const state = await numbers.addTarget({ url: url.replace('//', '//user:pass@') });
    expect(JSON.stringify([state, numbers.targets()])).not.toMatch(/user|pass|secret/);
  });

  it('has a problem in one line, without secrets and without what a terminal obeys', async () => {
    const secret = 'sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH';
    const { url } = await endpoint((_, response) => response.end(`\u001b[31m{"key": "${secret}"} \u202e\n`));
    const numbers = numbersOf();
    const { problem } = await numbers.addTarget({ url });
    expect(problem).toContain('is not a sample');
    expect(problem).not.toMatch(/\p{Cc}|\p{Cf}/u);
    expect(problem).not.toContain(secret);
    await expect(numbers.addTarget({ url: `${url}/other`, token: 'a secret\nof two lines' })).rejects.toThrow(
      /^The token has a line break, or another control character$/,
    );
  });

  it('is counted once under two names of this machine', async () => {
    const { url } = await endpoint(metrics({ process_start_time_seconds: Date.now() / 1_000 - 0.5, [RUNS]: 3 }));
    const numbers = numbersOf();
    await numbers.addTarget({ url });
    const state = await numbers.addTarget({ url: url.replace('127.0.0.1', 'localhost') });
    expect(state.problem).toContain('counts once');
    const { panels } = numbers.answer(new URLSearchParams('window=60000'));
    expect(panels.find(({ id }) => id === 'executions')?.series[0]?.total).toBe(3);
  });

  it.each(['nonsense', 'ftp://127.0.0.1/', 'file:///etc/passwd', `http://127.0.0.1/${'x'.repeat(3_000)}`])(
    'is refused as %s',
    async (url) => {
      const numbers = numbersOf();
      await expect(numbers.addTarget({ url })).rejects.toThrow(RangeError);
      expect(() => createNumbers({ targets: [{ url }], retentionDays: 7 })).toThrow(RangeError);
    },
  );

  it('is refused when there are many', async () => {
    const numbers = numbersOf();
    const port = await freePort();
    const add = (path: number) => numbers.addTarget({ url: `http://127.0.0.1:${port}/${path}` });
    await Promise.all(Array.from({ length: 50 }, (_, path) => add(path)));
    await expect(add(50)).rejects.toThrow('50 endpoints at most');
  });
});

describe('what is wrong with an endpoint', () => {
  it.each<[string, Answer, string]>([
    ['wants a token', text(401, ''), 'TTA_PROMETHEUS_TOKEN'],
    ['does not allow the name', text(403, ''), 'TTA_PROMETHEUS_ALLOWED_HOSTS'],
    ['has another path', text(404, 'x'), 'no metrics under this path'],
    ['cannot collect', text(503, ''), 'could not collect'],
    ['fails', text(500, ''), 'answers 500'],
    ['redirects', text(302, '', { location: 'http://example.com/' }), 'redirect'],
    ['is a web page', text(200, '<!doctype html><p>', { 'content-type': 'text/html' }), 'web page'],
    ['is a web page without its type', text(200, ' <html>'), 'web page'],
    ['is JSON', text(200, '{"a": 1}'), 'does not answer with metrics'],
    ['is empty', text(200, ''), 'none of ours'],
    ['is another program', text(200, 'go_goroutines 7\n'), 'none of ours'],
    ['is too large', text(200, `tta_x 1\n# ${'x'.repeat(17 * 1024 * 1024)}`), 'larger than 16 MB'],
    [
      'ends in the middle',
      (_, response) => response.writeHead(200, { 'content-length': '99' }).write('x') && response.destroy(),
      'cannot be read',
    ],
  ])('is said when it %s', async (_, answer, words) => {
    const { url } = await endpoint(answer);
    const state = await numbersOf().addTarget({ url });
    expect(state).toMatchObject({ scrapes: 1, series: 0 });
    expect(state.problem).toContain(words);
  });

  it('is said when nothing listens', async () => {
    const state = await numbersOf().addTarget({ url: `http://127.0.0.1:${await freePort()}` });
    expect(state.problem).toBe(
      'Connection refused: no program listens there. Is yours running? Elsewhere: tta studio --scrape URL',
    );
  });

  it('is said when it is no HTTP server', async () => {
    const server = createServer((socket) => socket.end('SSH-2.0-x\r\n')).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const state = await numbersOf().addTarget({ url: `http://127.0.0.1:${port}` });
    expect(state.problem).toContain('cannot be read');
  });

  it('is said when it does not answer', { timeout: 15_000 }, async () => {
    const { url } = await endpoint(() => {});
    const state = await numbersOf().addTarget({ url });
    expect(state.problem).toContain('no answer within 4 s');
  });

  it('is gone when it answers again', async () => {
    const { url, set } = await endpoint(text(503, ''));
    const numbers = numbersOf();
    await numbers.addTarget({ url });
    set(metrics({ ...start(), [RUNS]: 3 }));
    expect(await numbers.addTarget({ url })).toMatchObject({ problem: '', scrapes: 2, series: 1 });
  });
});

describe('hostile metrics', () => {
  it('take no more room than there is: the rest is left out, and said', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 30_000 }, (_, n) => [
        `tta_workflow_executions_total{workflow_name="${n}",status="success"}`,
        n,
      ]),
    );
    const { url } = await endpoint(metrics({ ...start(), ...many }));
    const numbers = numbersOf();
    const { problem } = await numbers.addTarget({ url });
    expect(problem).toContain('10000 of its series have no room');
    const panel = numbers
      .answer(new URLSearchParams('window=60000'))
      .panels.find(({ id }) => id === 'rate-by-workflow');
    expect(panel?.series).toHaveLength(10);
  });

  it('have names of labels and values that mean nothing here', async () => {
    const { url } = await endpoint(
      metrics({
        ...start(),
        'tta_workflow_executions_total{__proto__="x",constructor="y",workflow_name="__proto__",status="success"}': 1,
        'tta_workflow_executions_total{workflow_name="nan",status="success"}': Number.NaN,
        'tta_workflow_executions_total{workflow_name="minus",status="success"}': -5,
        [`tta_workflow_executions_total{workflow_name="${'x'.repeat(100_000)}",status="success"}`]: 1,
        'tta_workflow_duration_seconds_bucket{workflow_name="b",le="no number"}': 3,
        'tta_workflow_duration_seconds_bucket{workflow_name="b",le="+Inf"}': 3,
      }),
    );
    const numbers = numbersOf();
    await numbers.addTarget({ url });
    const { panels } = numbers.answer(new URLSearchParams('window=60000'));
    expect(panels.find(({ id }) => id === 'executions')?.series[0]?.total).toBe(1);
    expect(panels.find(({ id }) => id === 'p95')?.series[0]?.total ?? null).toBe(null);
  });
});
