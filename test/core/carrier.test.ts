import { propagation } from '@opentelemetry/api';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Carrier, extract, inject, sequential, task, timeout, workflow } from '../../src/index.ts';
import { createVirtualClock, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { b3, b3Headers, broken, jaeger } from '../support/propagators.ts';

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

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

const IDS = { workflowId: 'w-1', sessionId: 'chat, with; odd=signs "é"', correlationId: 'c-1' };

describe('inject and extract', () => {
  let telemetry: TestTelemetry;
  beforeEach(() => {
    telemetry = startTestTelemetry();
  });
  afterEach(() => telemetry.stop());

  const span = (name: string) => telemetry.spans().find((one) => one.name === name);
  const last = (name: string) => telemetry.spans().findLast((one) => one.name === name);

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
    expect(carrier.baggage?.split(',')).toEqual(expect.arrayContaining(['tenant=acme;ttl=5', 'flag=on']));
    await expect(receive(carrier)).resolves.toEqual(IDS);
  });

  it('pass on the baggage of others that came with the caller, whole', async () => {
    const baggage = 'tenant=acme;ttl=5;private, flag=on , encoded=a%2Cb;p=%20, session.id=s-1';
    const [first, second] = [extract({ baggage }), extract({ baggage: 'tenant=other' }, { baggage: 'flag=off' })];
    const hop = (carrier: Record<string, string>) => task('hop', (_: void, own) => inject(own, carrier));
    const nested = task('outer', (_: void, own) =>
      timeout(hop({}), { timeoutMs: 1_000 }).execute(undefined, { context: { tags: { a: 1 } }, signal: own.signal }),
    );
    const carrier = await nested.execute(undefined, { context: first });
    const members = carrier.baggage?.split(',') ?? [];
    expect(members).toEqual(expect.arrayContaining(['tenant=acme;ttl=5;private', 'flag=on', 'encoded=a%2Cb;p=%20']));
    expect(members.filter((member) => member.startsWith('session.id='))).toEqual(['session.id=s-1']);
    const joined = await hop({ baggage: 'tenant=mine' }).execute(undefined, { context: second });
    expect(joined.baggage).toContain('tenant=mine');
    expect(joined.baggage).not.toMatch(/other|flag/);
  });

  it('show the baggage of others to OpenTelemetry inside of the receiver', async () => {
    const look = task('look', () => propagation.getActiveBaggage()?.getEntry('tenant'));
    const entry = await look.execute(undefined, { context: extract({ baggage: 'tenant=ac%20me;ttl=5' }) });
    expect([entry?.value, String(entry?.metadata)]).toEqual(['ac me', 'ttl=5']);
  });

  it('leave out whole members where the baggage would be too large', async () => {
    const many = Array.from({ length: 64 }, (_, i) => `k${i}=${'v'.repeat(100)};p=${i}`).join(',');
    const { baggage } = await sent({ baggage: many } as Record<string, string>, IDS);
    expect(baggage?.length).toBeLessThanOrEqual(8_192);
    expect(baggage?.split(',').every((member) => /^(?:tta\.|session\.|k\d+=v{100};p=\d+$)/.test(member))).toBe(true);
    await expect(receive({ baggage } as Carrier)).resolves.toEqual(IDS);
  });

  it.each([
    ['none', undefined],
    ['B3 in one header', b3],
    ['B3 in several headers', b3Headers],
    ["Jaeger's", jaeger],
    ['one that throws', broken],
  ])('carry the trace where the propagator is %s', async (_, propagator) => {
    propagation.disable();
    if (propagator !== undefined) propagation.setGlobalPropagator(propagator);
    for (const make of [(): Carrier => ({}), (): Carrier => new Headers(), (): Carrier => new Map<string, string>()]) {
      const carrier = await sent(make(), IDS);
      await expect(receive(carrier)).resolves.toEqual(IDS);
      const [received, sender] = ['task receive', 'task send'].map((name) => last(name));
      expect(received?.parentSpanContext).toMatchObject({
        traceId: sender?.spanContext().traceId,
        spanId: sender?.spanContext().spanId,
        isRemote: true,
      });
    }
  });

  it.each([
    ['B3', b3, { b3: `${TRACE}-${SPAN}-1` }],
    ['B3 as Node shows it', b3Headers, { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN, 'x-b3-sampled': '1' }],
    ["Jaeger's", jaeger, { 'uber-trace-id': `${TRACE}:${SPAN}:0:1` }],
    ['W3C, beside B3 from another sender', b3, { traceparent: `00-${TRACE}-${SPAN}-01` }],
  ])('read a trace of %s that only another program wrote', async (_, propagator, headers) => {
    propagation.disable();
    propagation.setGlobalPropagator(propagator);
    await receive(headers);
    expect(span('task receive')?.parentSpanContext).toMatchObject({ traceId: TRACE, spanId: SPAN });
  });

  it('keep the trace state and the flags', async () => {
    propagation.disable();
    const forward = task('forward', (_: void, own) => inject(own, {} as Record<string, string>));
    const got = await forward.execute(undefined, {
      context: extract({ traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: 'a=1,b=2' }),
    });
    expect(got.traceparent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
    expect(got.tracestate).toBe('a=1,b=2');
  });

  it('leave the clock and the cancellation of the task around them in place', async () => {
    const clock = createVirtualClock();
    const carrier = await sent({}, IDS);
    const inner = task('inner', async (_: void, context) => {
      await context.clock.sleep(1_000, context.signal);
      return inject(context, {} as Record<string, string>).baggage;
    });
    const handle = task('handle', () => inner.execute(undefined, { context: extract(carrier) }));
    const late = timeout(handle, { timeoutMs: 10 }).execute(undefined, { context: { clock } });
    late.catch(() => {});
    await clock.advance(10);
    await expect(late).rejects.toThrow('did not finish within 10 ms');
    const done = handle.execute(undefined, { context: { clock } });
    await clock.advance(1_000);
    expect(await done).toContain('session.id=chat');
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
    expect(() => inject(extract({}), [] as never)).toThrow(
      'inject: carrier must be headers or an object, got an array of 0',
    );
  });
});

describe('inject and extract without an SDK', () => {
  it('carry the ids all the same', async () => {
    await expect(receive(await sent({}, IDS))).resolves.toEqual(IDS);
  });
});
