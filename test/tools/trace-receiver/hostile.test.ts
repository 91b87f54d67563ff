/** Spans that nobody should send: the receiver stays within its memory, and its pages are always answered. */
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startTraceReceiver } from '../../../src/tools/trace-receiver/trace-receiver.ts';
import { build } from '../../support/tta.ts';

beforeAll(build);

const hex = (n: number, digits: number) => n.toString(16).padStart(digits, '0');

function span(n: number, more: object = {}) {
  return {
    traceId: hex(1 + (n % 3), 32),
    spanId: hex(n + 1, 16),
    name: 'work',
    startTimeUnixNano: '1700000000000000000',
    endTimeUnixNano: '1700000001000000000',
    ...more,
  };
}
const request = (spans: readonly object[], resource: object = {}) =>
  JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] });
const attribute = (key: string, value: object) => ({ key, value });

async function start() {
  const receiver = await startTraceReceiver({ port: 0 });
  onTestFinished(receiver.close);
  const post = (body: string) =>
    fetch(`${receiver.url}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const pages = async () => {
    const ids = receiver.traces().map(({ traceId }) => traceId);
    const paths = ['/', '/traces', ...ids.flatMap((id) => [`/view/${id}`, `/traces/${id}`])];
    return Promise.all(
      paths.map(async (path) => {
        const response = await fetch(receiver.url + path);
        return { path, status: response.status, text: await response.text() };
      }),
    );
  };
  return { receiver, post, pages };
}

const NO_TEXT = {
  kvlistValue: { values: [attribute('toString', { intValue: 5 }), attribute('valueOf', { intValue: 5 })] },
};

describe('a hostile span', () => {
  it.each([
    ['a negative price', { attributes: [attribute('tta.llm.cost_usd', { doubleValue: -1e300 })] }],
    ['an endless price', { attributes: [attribute('tta.llm.cost_usd', { doubleValue: 1.7e308 })] }],
    ['a tiny price', { attributes: [attribute('tta.llm.cost_usd', { doubleValue: 5e-324 })] }],
    ['a type that is no text', { attributes: [attribute('tta.primitive.type', NO_TEXT)] }],
    ['a model that is no text', { attributes: [attribute('gen_ai.request.model', NO_TEXT)] }],
    ['a time far away', { startTimeUnixNano: 1e308, endTimeUnixNano: '99999999999999999999' }],
    [
      'names of the prototype',
      { name: '__proto__', attributes: [attribute('__proto__', NO_TEXT), attribute('constructor', NO_TEXT)] },
    ],
    ['half characters', { name: '\uD800<script>', status: { code: 2, message: '\uDFFF' } }],
  ])('with %s spoils no page', async (_, more) => {
    const { post, pages } = await start();
    expect(
      (await post(request([span(0, more), span(3, more)], { attributes: [attribute('service.name', NO_TEXT)] })))
        .status,
    ).toBe(200);
    expect((await post(request([span(6)]))).status).toBe(200);
    for (const { path, status } of await pages()) expect([path, status]).toEqual([path, 200]);
  });

  it('of any kind spoils no page', async () => {
    const { post, pages } = await start();
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.record({ stringValue: fc.string({ unit: 'binary' }) }),
        fc.record({ doubleValue: fc.double() }),
        fc.record({ intValue: fc.oneof(fc.bigInt().map(String), fc.integer(), fc.string()) }),
        fc.record({ boolValue: fc.boolean() }),
        fc.record({ arrayValue: fc.record({ values: fc.array(tie('value')) }) }),
        fc.record({
          kvlistValue: fc.record({ values: fc.array(fc.record({ key: fc.string(), value: tie('value') })) }),
        }),
        fc.constant({}),
      ),
    }));
    const key = fc.oneof(
      fc.string(),
      fc.constantFrom('tta.llm.cost_usd', 'tta.primitive.type', 'gen_ai.request.model', '__proto__'),
    );
    const attributes = fc.array(fc.record({ key, value }));
    const hostile = fc.record({
      name: fc.string({ unit: 'binary' }),
      attributes,
      status: fc.record({ code: fc.integer(), message: fc.string() }),
    });
    let n = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(hostile, { maxLength: 5 }), async (spans) => {
        const { status } = await post(request(spans.map((more) => span(n++, more))));
        expect(status).toBe(200);
        for (const page of await pages()) expect([page.path, page.status]).toEqual([page.path, 200]);
      }),
      { numRuns: 50 },
    );
  });

  it('has its price and its type on the page, however many other attributes it has', async () => {
    const { receiver, post } = await start();
    const others = Array.from({ length: 100_000 }, (_, i) => attribute(`key ${i}`, { stringValue: 'x'.repeat(50) }));
    await post(request([span(0, { attributes: [...others, attribute('tta.llm.cost_usd', { doubleValue: 2 })] })]));
    const [trace] = receiver.traces();
    expect(trace?.dollars).toBe(2);
    expect(Object.keys(trace?.spans[0]?.attributes ?? {}).length).toBeLessThan(5_000);
  });

  it('is kept in less than a megabyte, whatever it brings', () => {
    const source = `
      import { startTraceReceiver } from './dist/src/tools/trace-receiver/trace-receiver.js';
      const { url, spans } = await startTraceReceiver({ port: 0 });
      const id = (n, digits) => n.toString(16).padStart(digits, '0');
      const long = { stringValue: 'x'.repeat(2_000_000) };
      for (let n = 1; n <= 60; n += 1) {
        const many = Array.from({ length: 20_000 }, (_, i) => ({ key: 'key' + i, value: { arrayValue: { values: [{ intValue: i }] } } }));
        const attributes = [{ key: 'long', value: long }, ...many];
        const span = { traceId: id(n, 32), spanId: id(n, 16), name: 'x'.repeat(1e6), startTimeUnixNano: '1', endTimeUnixNano: '2', attributes };
        const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
        const response = await fetch(url + '/v1/traces', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
        await response.text();
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
      gc();
      console.log(spans(), process.memoryUsage().heapUsed);`;
    const { stdout } = spawnSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', source], {
      encoding: 'utf8',
    });
    const [count, heap] = stdout.trim().split(' ').map(Number);
    expect(count).toBe(60);
    expect(heap).toBeLessThan(60e6);
  }, 60_000);
});

describe('the receiver', () => {
  it.each(['metrics', 'logs'])('says what to do with %s, which it does not take', async (signal) => {
    const { receiver } = await start();
    const response = await fetch(`${receiver.url}/v1/${signal}`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(404);
    expect(await response.text()).toBe(
      `This receiver takes traces only. Send ${signal} elsewhere, or switch them off: OTEL_${signal.toUpperCase()}_EXPORTER=none\n`,
    );
  });

  it('keeps less than its limit of bytes, the newest traces, and counts what it dropped', async () => {
    const { receiver, post } = await start();
    const big = {
      attributes: Array.from({ length: 30 }, (_, i) => attribute(`key ${i}`, { stringValue: 'x'.repeat(5_000) })),
    };
    for (let n = 0; n < 500; n += 50) {
      const spans = Array.from({ length: 50 }, (_, i) => span(n + i, { ...big, traceId: hex(1 + n + i, 32) }));
      await post(request(spans));
    }
    expect(receiver.spans()).toBe(500);
    expect(receiver.dropped().spans).toBeGreaterThan(100);
    expect(receiver.traces().some(({ traceId }) => traceId === hex(500, 32))).toBe(true);
    expect(JSON.stringify(receiver.traces()).length).toBeLessThan(64 * 1024 * 1024);
  });
});
