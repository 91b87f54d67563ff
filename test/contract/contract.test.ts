import { getEventListeners } from 'node:events';
import { SpanStatusCode } from '@opentelemetry/api';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Primitive, task } from '../../src/index.ts';
import { select } from '../../src/prometheus/parse.ts';
import { OUTCOMES } from '../../src/telemetry/semconv.ts';
import { createVirtualClock, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { type Kind, kinds } from './kinds.ts';

const failure = new Error('no luck');
/** That `error` is `thrown`, or for work of another process that it is like it. */
function expectSame(kind: Kind, error: unknown, thrown: unknown): void {
  const isCopied = kind.crosses && typeof thrown === 'object' && thrown !== null;
  if (!isCopied) expect(error).toBe(thrown);
  else if (thrown instanceof Error) expect(error).toMatchObject({ name: thrown.name, message: thrown.message });
  else expect(error).toBeInstanceOf(Error);
}

const caught = (running: Promise<unknown>) =>
  running.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );
const forever = () => new Promise<string>(() => {});
const echo = async (input: string) => input;

for (const kind of kinds) {
  const labels = { primitive_type: kind.type, primitive_name: kind.defaultName };

  describe(kind.type, () => {
    let telemetry: TestTelemetry;
    beforeEach(() => {
      telemetry = startTestTelemetry();
    });
    afterEach(() => telemetry.stop());

    const own = () => telemetry.spans().filter((span) => span.attributes['tta.primitive.type'] === kind.type);

    async function expectCounts({ status, outcome }: { status: string; outcome: string }): Promise<void> {
      expect(own()).toHaveLength(1);
      await telemetry.expectMetric('tta_primitive_executions_total', { ...labels, status }, 1);
      await telemetry.expectMetric('tta_primitive_executions_total', labels, 1);
      await telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: kind.type, outcome }, 1);
      await telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: kind.type }, 1);
      await telemetry.expectMetric('tta_execution_duration_seconds_count', { primitive_type: kind.type }, 1);
      await telemetry.expectMetric('tta_primitive_active', {}, 0);
      await telemetry.expectMetric(
        'tta_workflow_executions_total',
        { workflow_name: kind.defaultName, status },
        kind.workflow ? 1 : 0,
      );
      for (const labels of [{ outcome }, {}]) {
        await telemetry.expectMetric(
          'tta_workflow_outcomes_total',
          { workflow_name: kind.defaultName, ...labels },
          kind.workflow ? 1 : 0,
        );
      }
      await telemetry.expectMetric(
        'tta_workflow_duration_seconds_count',
        { workflow_name: kind.defaultName },
        kind.workflow ? 1 : 0,
      );
    }

    it('is one span, one count and one duration when it succeeds', async () => {
      await kind.build(echo).execute('x');
      expect(own()).toHaveLength(1);
      expect(own()[0]).toMatchObject({
        name: kind.spanName ?? `${kind.type} ${kind.defaultName}`,
        status: { code: SpanStatusCode.UNSET },
        attributes: { 'tta.primitive.type': kind.type, 'tta.primitive.name': kind.defaultName },
      });
      await expectCounts({ status: 'success', outcome: 'success' });
    });

    it('is one span, one count and one duration when it fails, and rejects with the same error object', async () => {
      const error = new Error('no luck');
      expectSame(kind, await caught(kind.build(() => Promise.reject(error)).execute('x')), error);
      expect(own()).toHaveLength(1);
      expect(own()[0]).toMatchObject({
        status: { code: SpanStatusCode.ERROR, message: 'no luck' },
        attributes: { 'error.type': 'Error', 'tta.outcome': 'failure' },
      });
      await expectCounts({ status: 'failure', outcome: 'failure' });
    });

    it('records the details of an error once, on the innermost span', async () => {
      const error = new Error('no luck');
      expectSame(kind, await caught(kind.build(() => Promise.reject(error)).execute('x')), error);
      const recorded = telemetry
        .spans()
        .flatMap((span) => span.events.filter(({ name }) => name === 'exception').map(({ attributes }) => attributes))
        .filter((attributes) => attributes?.['exception.message'] === 'no luck');
      expect(recorded).toHaveLength(1);
    });

    it('ends as cancelled, with the reason, in the tick of the abort, even if the work ignores the abort', async () => {
      const controller = new AbortController();
      let settledWith: unknown;
      const running = kind.build(forever).execute('x', { signal: controller.signal });
      running.catch((reason: unknown) => {
        settledWith = reason;
      });
      await new Promise((resolve) => setImmediate(resolve));
      const reason = new Error('changed my mind');
      controller.abort(reason);
      await new Promise((resolve) => process.nextTick(resolve));
      for (let i = 0; i < 20 && settledWith === undefined; i += 1) await Promise.resolve();
      expect(settledWith).toBe(reason);
      await expectCounts({ status: 'failure', outcome: 'cancelled' });
    });

    it('does not start the work when the signal is already aborted', async () => {
      let started = 0;
      const primitive = kind.build(async () => {
        started += 1;
        return '';
      });
      const reason = new Error('never mind');
      await expect(primitive.execute('x', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      expect(started).toBe(0);
      await expectCounts({ status: 'failure', outcome: 'cancelled' });
    });

    it('ends as cancelled when the work rejects with an AbortError', async () => {
      const controller = new AbortController();
      const primitive = kind.build(
        (_, signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason), { once: true });
          }),
      );
      const running = primitive.execute('x', { signal: controller.signal });
      await new Promise((resolve) => setImmediate(resolve));
      controller.abort();
      await expect(running).rejects.toMatchObject({ name: 'AbortError' });
      await expectCounts({ status: 'failure', outcome: 'cancelled' });
    });

    it.each([
      ['a text', 'just a text'],
      ['undefined', undefined],
      ['null', null],
      ['a frozen error', Object.freeze(new Error('frozen'))],
      ['a plain object', { code: 7 }],
      ['an object that cannot become a text', Object.create(null)],
    ])('rejects with %s that was thrown, and counts one failure', async (_, thrown) => {
      const failing = kind.build(() => Promise.reject(thrown));
      expectSame(kind, await caught(failing.execute('x')), thrown);
      await expectCounts({ status: 'failure', outcome: 'failure' });
    });

    it('is the child of the span around it and the parent of the work in it', async () => {
      await task('around', () => kind.build(echo).execute('x')).execute();
      const around = telemetry.spans().find(({ name }) => name === 'task around');
      const outermost = own().find(({ name }) => name !== 'task around');
      expect(outermost?.parentSpanContext?.spanId).toBe(around?.spanContext().spanId);
      if (kind.leaf) return;
      const inner = telemetry.spans().find(({ name }) => name === 'task work');
      expect(inner?.parentSpanContext?.spanId).toBe(own()[0]?.spanContext().spanId);
    });

    it('passes ids, tags and clock to the work and to the primitives that the work executes', async () => {
      const clock = createVirtualClock();
      const seen: unknown[] = [];
      const probe = task('probe', (_: string, context) => {
        seen.push([context.sessionId, context.correlationId, context.tags, context.clock]);
      });
      const primitive = kind.build(async (input) => {
        await probe.execute(input);
        return input;
      });
      const given = { sessionId: 's', correlationId: 'c', tags: { team: 'a' }, clock };
      const running = primitive.execute('x', { context: given });
      // A kind may wait before it does its work.
      await clock.advance(60_000);
      await running;
      // Another process has its own clock.
      const clockThere = kind.crosses ? expect.anything() : clock;
      expect(seen).toEqual([['s', 'c', { team: 'a' }, clockThere]]);
    });

    it('can run ten thousand times at once', async () => {
      const primitive: Primitive<string, unknown> = kind.build(async (input) => {
        await Promise.resolve();
        return input;
      });
      await Promise.all(Array.from({ length: 10_000 }, (_, i) => primitive.execute(String(i))));
      expect(own()).toHaveLength(10_000);
      await telemetry.expectMetric('tta_primitive_executions_total', { ...labels, status: 'success' }, 10_000);
      await telemetry.expectMetric('tta_primitive_active', {}, 0);
    });

    it('shows success and failure at 0 before its first execution', async () => {
      kind.build(echo);
      const { samples } = await telemetry.scrape();
      const zeros = select({ samples, types: new Map() }, 'tta_primitive_executions_total', labels);
      expect(zeros.map(({ labels: { status }, value }) => [status, value]).sort()).toEqual([
        ['failure', 0],
        ['success', 0],
      ]);
      const workflow = { workflow_name: kind.defaultName };
      const outcomes = select({ samples, types: new Map() }, 'tta_workflow_outcomes_total', workflow);
      expect(outcomes.map(({ labels: { outcome } }) => outcome).sort()).toEqual(
        kind.workflow ? OUTCOMES.toSorted() : [],
      );
      expect(outcomes.every(({ value }) => value === 0)).toBe(true);
    });
  });

  describe(`${kind.type} without a span`, () => {
    it('counts the same when no span is sampled', async () => {
      const telemetry = startTestTelemetry({ sampler: new AlwaysOffSampler() });
      await kind.build(echo).execute('x');
      await kind
        .build(() => Promise.reject(new Error('no')))
        .execute('x')
        .catch(() => {});
      expect(telemetry.spans()).toHaveLength(0);
      for (const status of ['success', 'failure']) {
        await telemetry.expectMetric('tta_primitive_executions_total', { ...labels, status }, 1);
      }
      await telemetry.expectMetric('tta_execution_duration_seconds_count', { primitive_type: kind.type }, 2);
      await telemetry.stop();
    });

    it('leaves no timer, no listener and no memory behind after 10,000 executions under one signal', async () => {
      const { signal } = new AbortController();
      const primitive = kind.build(echo);
      const failing = kind.build(() => Promise.reject(failure));
      const run = async (times: number) => {
        for (let i = 0; i < times; i += 1)
          await (i % 10 === 0 ? failing : primitive).execute('x', { signal }).catch(() => {});
        await new Promise((resolve) => setImmediate(resolve));
        globalThis.gc?.();
        return process.memoryUsage().heapUsed;
      };
      const before = await run(2_000);
      const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
      const timersBefore = timers();
      const after = await run(10_000);
      // Timers of the test runner may have ended meanwhile.
      expect(timers()).toBeLessThanOrEqual(timersBefore);
      expect(getEventListeners(signal, 'abort')).toHaveLength(0);
      expect(after - before).toBeLessThan(1_500_000);
    });

    it('works without an SDK, inherits the context and ends on an abort', async () => {
      const seen: unknown[] = [];
      const probe = task('probe', (_: string, context) => {
        seen.push(context.tags);
      });
      const primitive = kind.build(async (input) => {
        await Promise.resolve();
        await probe.execute(input);
        return input;
      });
      await primitive.execute('x', { context: { tags: { a: 1 } } });
      expect(seen).toEqual([{ a: 1 }]);
      const reason = new Error('stop');
      const controller = new AbortController();
      const running = kind.build(forever).execute('x', { signal: controller.signal });
      controller.abort(reason);
      await expect(running).rejects.toBe(reason);
    });
  });
}
