import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Carrier, extract, inject, sequential, task, workflow } from '../../src/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

/** What a task that runs with these ids sends along. */
async function sent<C extends Carrier>(carrier: C, context = {}): Promise<C> {
  return task('send', (_: void, own) => inject(own, carrier)).execute(undefined, { context });
}

const seen = task('receive', (_: unknown, { workflowId, sessionId, correlationId }) => ({
  workflowId,
  sessionId,
  correlationId,
}));
const receive = (...carriers: Carrier[]) => seen.execute(undefined, { context: extract(...carriers) });

const IDS = { workflowId: 'w-1', sessionId: 'chat, with; odd=signs "é"', correlationId: 'c-1' };

describe('inject and extract', () => {
  let telemetry: TestTelemetry;
  beforeEach(() => {
    telemetry = startTestTelemetry();
  });
  afterEach(() => telemetry.stop());

  const span = (name: string) => telemetry.spans().find((one) => one.name === name);

  it.each([
    ['a plain object', (): Carrier => ({})],
    ['Headers', (): Carrier => new Headers()],
    ['an environment', (): Carrier => ({ PATH: '/bin' })],
  ])('carry trace and ids by %s', async (_, make) => {
    const carrier = await sent(make(), IDS);
    await expect(receive(carrier)).resolves.toEqual(IDS);
    expect(span('task receive')?.spanContext().traceId).toBe(span('task send')?.spanContext().traceId);
    expect(span('task receive')?.parentSpanContext?.spanId).toBe(span('task send')?.spanContext().spanId);
    if ('PATH' in carrier) expect(Object.keys(carrier).sort()).toEqual(['BAGGAGE', 'PATH', 'TRACEPARENT']);
  });

  it('keep what others have put into the baggage', async () => {
    const carrier = await sent({ baggage: 'tenant=acme;ttl=5, flag=on' }, IDS);
    expect(carrier.baggage).toContain('tenant=acme');
    expect(carrier.baggage).toContain('flag=on');
    await expect(receive(carrier)).resolves.toEqual(IDS);
  });

  it('join several carriers by links, with the ids of the first', async () => {
    const carriers = [await sent({}, IDS), await sent({}, { sessionId: 'other' })];
    await expect(receive(...carriers)).resolves.toEqual(IDS);
    const senders = telemetry.spans().filter(({ name }) => name === 'task send');
    expect(span('task receive')?.parentSpanContext).toBeUndefined();
    expect(span('task receive')?.links.map(({ context }) => context.spanId)).toEqual(
      senders.map((sender) => sender.spanContext().spanId),
    );
  });

  it('link instead of replacing the span around the receiver, and only at the outermost execution', async () => {
    const carrier = await sent({}, IDS);
    const consume = task('consume', () => sequential(seen).execute(undefined, { context: extract(carrier) }));
    await consume.execute();
    expect(span('sequential SequentialPrimitive')?.parentSpanContext?.spanId).toBe(
      span('task consume')?.spanContext().spanId,
    );
    expect(span('sequential SequentialPrimitive')?.links).toHaveLength(1);
    expect(span('task receive')?.links).toHaveLength(0);
  });

  it('give every execution of one extracted context the remote parent', async () => {
    const context = extract(await sent({}, IDS));
    await seen.execute(1, { context });
    await seen.execute(2, { context });
    const parents = telemetry
      .spans()
      .filter(({ name }) => name === 'task receive')
      .map((one) => one.parentSpanContext?.spanId);
    expect(parents).toEqual([span('task send')?.spanContext().spanId, span('task send')?.spanContext().spanId]);
  });

  it('are named in the span of the receiving workflow', async () => {
    const carrier = await sent({}, IDS);
    await workflow('receiver', sequential(seen)).execute(undefined, { context: extract(carrier) });
    expect(span('invoke_workflow receiver')?.attributes).toMatchObject({
      'tta.workflow.id': 'w-1',
      'tta.correlation.id': 'c-1',
      'session.id': IDS.sessionId,
    });
  });

  it.each([
    ['nothing', {}],
    ['null', null],
    ['a text', 'traceparent'],
    ['a malformed trace', { traceparent: '00-zz-zz-01', tracestate: 'x'.repeat(100_000) }],
    ['an all-zero trace', { traceparent: `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01` }],
    ['a huge baggage', { baggage: `session.id=${'x'.repeat(10_000_000)}` }],
    ['thousands of members', { baggage: `${'a=1,'.repeat(5_000)}session.id=late` }],
    ['control characters', { baggage: 'session.id=%00%1b[31m' }],
    ['broken escapes', { baggage: 'session.id=%E0%A4%A' }],
    ['a million entries', Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, 'v']))],
    ['numbers and arrays', { traceparent: 7, baggage: ['a=1', null, { x: 1 }] }],
    [
      'getters that throw',
      Object.defineProperty({}, 'traceparent', {
        get: () => {
          throw new Error('trap');
        },
      }),
    ],
    ['a prototype', JSON.parse('{"__proto__":{"baggage":"session.id=x"}}')],
  ])('are harmless with %s', async (_, carrier) => {
    const got = await receive(carrier as Carrier);
    expect(got.sessionId).toBeUndefined();
    expect(span('task receive')?.parentSpanContext).toBeUndefined();
  });

  it('never throw, and read back what they wrote, for any carrier and any ids', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.array(fc.string()), fc.integer())),
        fc.string({ minLength: 1, maxLength: 100, unit: 'grapheme' }),
        async (carrier, sessionId) => {
          const got = await receive(await sent({ ...carrier } as Record<string, string>, { sessionId }));
          const printable = !/\p{Cc}/u.test(sessionId);
          expect(got.sessionId).toBe(printable ? sessionId : undefined);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('refuse a context that no task was handed', () => {
    expect(() => inject({} as never, {})).toThrow('inject: context must be the context of a task');
    expect(() => inject(extract({}), 'headers' as never)).toThrow(
      'inject: carrier must be headers or an object, got "headers"',
    );
  });
});

describe('inject and extract without an SDK', () => {
  it('carry the ids all the same', async () => {
    await expect(receive(await sent({}, IDS))).resolves.toEqual(IDS);
  });
});
