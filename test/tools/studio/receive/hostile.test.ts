/** Spans that nobody should send: the receiver stays within its memory, and its answers can be read. */
import { spawnSync } from 'node:child_process';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { decodeRequest } from '../../../../src/tools/studio/receive/protobuf.ts';
import { readTraceRequest } from '../../../../src/tools/studio/receive/read-request.ts';
import { startStudio } from '../../../../src/tools/studio/studio.ts';
import { send } from '../../../support/http.ts';
import { build } from '../../../support/tta.ts';
import { attribute, hex, requestOf, span } from './otlp-json.ts';

beforeAll(build);

const read = (spans: readonly object[]) => readTraceRequest(JSON.parse(requestOf(spans))).spans;
/** What a value needs where it is kept. */
const bytesOf = (value: unknown) => 2 * JSON.stringify(value).length;

async function start() {
  const studio = await startStudio({ port: 0 });
  onTestFinished(studio.close);
  const post = (body: string | Buffer, type = 'application/json') =>
    send(`${studio.url}/v1/traces`, { method: 'POST', headers: { 'content-type': type } }, body);
  const answers = async () => {
    const { runs } = (await (await fetch(`${studio.url}/api/runs`)).json()) as { runs: { traceId: string }[] };
    const paths = ['/', '/api/about', '/api/facets', ...runs.map(({ traceId }) => `/api/runs/${traceId}`)];
    return Promise.all(paths.map(async (path) => [path, (await fetch(studio.url + path)).status]));
  };
  return { post, answers };
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
    ['a time far away', { startTimeUnixNano: '1', endTimeUnixNano: '9007199254740991000' }],
    [
      'names of the prototype',
      { name: '__proto__', attributes: [attribute('__proto__', NO_TEXT), attribute('constructor', NO_TEXT)] },
    ],
    ['half characters', { name: '\uD800<script>', status: { code: 2, message: '\uDFFF' } }],
  ])('with %s spoils no answer', async (_, more) => {
    const { post, answers } = await start();
    const resource = { attributes: [attribute('service.name', NO_TEXT)] };
    expect((await post(requestOf([span(0, more), span(3, more)], resource))).status).toBe(200);
    expect((await post(requestOf([span(6)]))).status).toBe(200);
    for (const [path, status] of await answers()) expect([path, status]).toEqual([path, 200]);
  });

  it('of any kind spoils no answer', async () => {
    const { post, answers } = await start();
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
    const known = ['tta.llm.cost_usd', 'tta.primitive.type', 'gen_ai.request.model', 'ai.model.id', '__proto__'];
    const key = fc.oneof(fc.string(), fc.constantFrom(...known));
    const hostile = fc.record({
      name: fc.string({ unit: 'binary' }),
      attributes: fc.array(fc.record({ key, value })),
      status: fc.record({ code: fc.integer(), message: fc.string() }),
    });
    let n = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(hostile, { maxLength: 5 }), async (spans) => {
        const { status } = await post(requestOf(spans.map((more) => span(n++, more))));
        expect(status).toBe(200);
        for (const [path, code] of await answers()) expect([path, code]).toEqual([path, 200]);
      }),
      { numRuns: 50 },
    );
  });

  it('that comes in protobuf with any bytes wrong is refused or taken', async () => {
    const exporter = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    const made = provider.getTracer('x').startSpan('a span', { attributes: { list: ['a', 'b'], n: 5, part: 0.5 } });
    made.addEvent('an event', { key: 'value' });
    made.end();
    const bytes = Buffer.from(ProtobufTraceSerializer.serializeRequest(exporter.getFinishedSpans()) ?? '');
    const wrong = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(wrong, (changes) => {
        const copy = Buffer.from(bytes);
        for (const [at, byte] of changes) copy[at] = byte;
        let request: unknown;
        try {
          request = decodeRequest(copy, 1_000);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          return;
        }
        expect(() => JSON.stringify(readTraceRequest(request))).not.toThrow();
      }),
      { numRuns: 2_000 },
    );
  });

  it('has its price and its type, however many other attributes it has', () => {
    const others = Array.from({ length: 100_000 }, (_, i) => attribute(`key ${i}`, { stringValue: 'x'.repeat(50) }));
    const long = attribute('gen_ai.input.messages', { stringValue: 'x'.repeat(1e7) });
    const cost = attribute('tta.llm.cost_usd', { doubleValue: 2 });
    const [kept] = read([span(0, { attributes: [long, ...others, cost] })]);
    expect(kept?.attributes['tta.llm.cost_usd']).toBe(2);
    expect(Object.keys(kept?.attributes ?? {}).length).toBeLessThan(5_000);
    expect(kept?.cut).toBe(100_002 - Object.keys(kept?.attributes ?? {}).length);
  });

  it('with a value of 10 MB keeps the beginning of it, and says that it was cut', () => {
    const [kept] = read([
      span(0, {
        name: 'n'.repeat(1e7),
        status: { code: 2, message: 'm'.repeat(1e7) },
        attributes: [attribute('long', { stringValue: `begin ${'x'.repeat(1e7)}` }), attribute('k'.repeat(1e7), {})],
      }),
    ]);
    expect(kept?.cut).toBe(4);
    expect(kept?.attributes.long).toMatch(/^begin x+…$/);
    expect(bytesOf(kept)).toBeLessThan(200_000);
  });

  it('keeps its first and its last events', () => {
    const events = Array.from({ length: 50_000 }, (_, i) => ({
      name: `event ${i}`,
      timeUnixNano: '1700000000000000000',
      attributes: [attribute('number', { intValue: i })],
    }));
    const [kept] = read([span(0, { events })]);
    const names = kept?.events.map(({ name }) => name) ?? [];
    expect([names.at(0), names.at(1), names.at(-2), names.at(-1)]).toEqual([
      ...['event 0', 'event 1'],
      ...['event 49998', 'event 49999'],
    ]);
    expect((kept?.cut ?? 0) + names.length).toBe(50_000);
    const large = events.slice(0, 5).map((event) => ({
      ...event,
      attributes: [attribute('exception.stacktrace', { stringValue: 'x'.repeat(1e6) })],
    }));
    const [other] = read([span(0, { events: large })]);
    expect(other?.events.at(-1)?.name).toBe('event 4');
    expect(bytesOf(other)).toBeLessThan(512 * 1024);
  });

  it('keeps a bounded number of links, and bounded values of its resource', () => {
    const links = Array.from({ length: 10_000 }, (_, i) => ({ traceId: hex(i + 1, 32), spanId: hex(i + 1, 16) }));
    const attributes = Array.from({ length: 10_000 }, (_, i) => attribute(`key ${i}`, { stringValue: 'x'.repeat(99) }));
    const name = attribute('service.name', { stringValue: 'shop' });
    const request = requestOf([span(0, { links })], { attributes: [...attributes, name] });
    const [kept] = readTraceRequest(JSON.parse(request)).spans;
    expect(kept?.service).toBe('shop');
    expect(kept?.links).toHaveLength(256);
    expect(kept?.cut).toBeGreaterThan(15_000);
    expect(bytesOf(kept)).toBeLessThan(200_000);
  });

  it('keeps a value that is nested deeply down to a depth, also beyond the call stack', async () => {
    const { post, answers } = await start();
    const deep = `${'{"arrayValue":{"values":['.repeat(100_000)}${']}}'.repeat(100_000)}`;
    const body = requestOf([span(0, { attributes: ['DEEP'] })]).replace('"DEEP"', `{"key":"k","value":${deep}}`);
    const [kept] = readTraceRequest(JSON.parse(body)).spans;
    expect(JSON.stringify(kept?.attributes)).toBe('{"k":[[[[[[[[null]]]]]]]]}');
    expect(kept?.cut).toBe(1);
    expect((await post(body)).status).toBe(200);

    // An array in an array: field 5 of AnyValue, field 1 of ArrayValue.
    let value: Buffer = Buffer.alloc(0);
    for (let depth = 0; depth < 5_000; depth += 1) value = field(5, field(1, value));
    const pair = Buffer.concat([field(1, Buffer.from('k')), field(2, value)]);
    const ids = [
      field(1, Buffer.alloc(16, 1)),
      field(2, Buffer.alloc(8, 1)),
      Buffer.from([0x39, 1, 1, 1, 1, 1, 1, 1, 1]),
    ];
    const request = field(1, field(2, field(2, Buffer.concat([...ids, field(9, pair)]))));
    expect((await post(request, 'application/x-protobuf')).status).toBe(200);
    for (const [path, status] of await answers()) expect([path, status]).toEqual([path, 200]);
  });

  it.each([
    ['JSON', 'application/json', `{"resourceSpans":[${'{},'.repeat(5e6)}{}]}`],
    ['protobuf', 'application/x-protobuf', Buffer.alloc(2e7, '0a00', 'hex')],
  ])('in a body of millions of values in %s is refused before they fill the memory', async (_, type, body) => {
    const { post, answers } = await start();
    const response = await post(body, type);
    expect(response.status).toBe(400);
    expect(response.body.toString()).toContain('more than 4000000 values');
    expect((await answers())[0]).toEqual(['/', 200]);
  });

  it('is kept in less than a megabyte, whatever it brings', () => {
    const source = `
      import { readTraceRequest } from './dist/src/tools/studio/receive/read-request.js';
      const id = (n, digits) => n.toString(16).padStart(digits, '0');
      const long = { stringValue: 'x'.repeat(2_000_000) };
      const kept = [];
      for (let n = 1; n <= 20; n += 1) {
        const many = Array.from({ length: 20_000 }, (_, i) => ({ key: 'key' + i, value: { arrayValue: { values: [{ intValue: i }] } } }));
        const events = Array.from({ length: 500 }, () => ({ name: 'e', attributes: [{ key: 'k', value: { stringValue: 'y'.repeat(20_000) } }] }));
        const attributes = [{ key: 'long', value: long }, ...many];
        const span = { traceId: id(n, 32), spanId: id(n, 16), name: 'x'.repeat(1e6), startTimeUnixNano: '1', endTimeUnixNano: '2', attributes, events };
        const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ scope: { name: 'x'.repeat(1e6) }, spans: [span] }] }] });
        kept.push(...readTraceRequest(JSON.parse(body)).spans);
      }
      gc();
      console.log(kept.length, process.memoryUsage().heapUsed);`;
    const { stdout } = spawnSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', source], {
      encoding: 'utf8',
    });
    const [count, heap] = stdout.trim().split(' ').map(Number);
    expect(count).toBe(20);
    expect(heap).toBeLessThan(30e6);
  }, 60_000);
});

/** A field of protobuf that is bytes. */
function field(number: number, content: Buffer): Buffer {
  const length: number[] = [];
  let rest = content.length;
  for (; rest > 127; rest >>>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length, rest]), content]);
}
