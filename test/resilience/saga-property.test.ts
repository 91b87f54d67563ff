/** Whatever steps fail, whatever is aborted, whatever cannot be undone: no effect is forgotten and no error is lost. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type CompensateInput, CompensationError, type Primitive, type SagaStep, saga, task } from '../../src/index.ts';
import { createVirtualClock, startTestTelemetry } from '../../src/testing/index.ts';

const plan = fc.record({
  ms: fc.integer({ min: 0, max: 50 }),
  fails: fc.boolean(),
  heeds: fc.boolean(),
  undoable: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  undoMs: fc.integer({ min: 0, max: 50 }),
  undoFails: fc.boolean(),
});
type Plan = typeof plan extends fc.Arbitrary<infer P> ? P : never;

const rarelyFailing = plan.chain((one) => fc.nat(4).map((dice) => ({ ...one, fails: one.fails && dice === 0 })));
const stages = fc.array(fc.array(rarelyFailing, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 5 });
const abortAtMs = fc.option(fc.integer({ min: 0, max: 200 }), { nil: undefined });

/** Runs one saga to its end and tells what happened, in order. */
async function play(plans: readonly (readonly Plan[])[], abortMs: number | undefined) {
  const clock = createVirtualClock();
  const controller = new AbortController();
  const did: string[] = [];
  const undoBegan: string[] = [];
  const undoEnded: string[] = [];
  const undoErrors = new Map<string, Error>();
  /** What failed first. Of steps that fail at the same time, any may be the first that the saga sees. */
  const first: unknown[] = [];
  let firstAt: number | undefined;
  let over = false;
  const failedWith = (error: unknown) => {
    firstAt ??= clock.now();
    if (clock.now() === firstAt) first.push(error);
  };

  const stepOf = (name: string, { ms, fails, heeds, undoable, undoMs, undoFails }: Plan): SagaStep<unknown, string> => {
    const work = task(name, async (_: unknown, context) => {
      if (ms > 0) await context.clock.sleep(ms, heeds ? context.signal : undefined);
      if (fails) {
        const error = new Error(name);
        failedWith(error);
        throw error;
      }
      if (undoable) did.push(name);
      return name;
    });
    const undo = task(name, async ({ output }: CompensateInput<unknown, string>, context) => {
      undoBegan.push(output);
      if (undoMs > 0) await context.clock.sleep(undoMs, context.signal);
      undoEnded.push(output);
      if (!undoFails) return;
      const error = new Error(`undo ${name}`);
      undoErrors.set(output, error);
      throw error;
    });
    return undoable ? { name, do: work, compensate: undo } : { name, do: work };
  };
  const steps = plans.map((group, i) => group.map((one, j) => stepOf(`${i}.${j}`, one)));
  const primitive = saga(steps as never, { graceMs: 1_000 }) as unknown as Primitive<unknown, unknown>;
  const running = primitive.execute('x', { signal: controller.signal, context: { clock } });
  const settled = running.then(
    (value) => ({ value, error: undefined, failed: false }),
    (error: unknown) => ({ value: undefined, error, failed: true }),
  );
  void settled.then(() => {
    over = true;
  });
  if (abortMs !== undefined) {
    clock.after(abortMs, () => {
      const reason = new Error('aborted');
      if (!over && firstAt === undefined) failedWith(reason);
      controller.abort(reason);
    });
  }
  await clock.advance(5_000);
  const result = await settled;
  return { ...result, did, undoBegan, undoEnded, undoErrors, first, pending: clock.pending };
}

const stageOf = (name: string) => Number(name.split('.')[0]);

it('undoes exactly what was done, in reverse, and keeps every error', { timeout: 60_000 }, async () => {
  const seen = { success: 0, undone: 0, notAllUndone: 0 };
  await fc.assert(
    fc.asyncProperty(stages, abortAtMs, async (plans, abortMs) => {
      const telemetry = startTestTelemetry();
      try {
        const run = await play(plans, abortMs);
        expect(run.pending).toBe(0);
        expect(run.failed).toBe(run.first.length > 0);
        expect([...run.undoBegan].sort()).toEqual(run.failed ? [...run.did].sort() : []);
        expect(run.undoEnded).toHaveLength(run.undoBegan.length);

        const order = run.undoBegan.map(stageOf);
        expect(order).toEqual([...order].sort((a, b) => b - a));
        expect(run.undoEnded.map(stageOf)).toEqual(order);

        const cause = run.error instanceof CompensationError ? run.error.cause : run.error;
        if (run.failed) expect(run.first).toContain(cause);
        else expect(cause).toBeUndefined();
        const listed = run.error instanceof CompensationError ? run.error.failures : [];
        expect(new Map(listed.map(({ step, error }) => [step, error]))).toEqual(run.undoErrors);

        const failed = run.undoErrors.size;
        const undone = { primitive_name: 'SagaPrimitive' };
        await telemetry.expectMetric('tta_saga_compensations_total', { ...undone, status: 'failure' }, failed);
        await telemetry.expectMetric(
          'tta_saga_compensations_total',
          { ...undone, status: 'success' },
          run.undoBegan.length - failed,
        );
        await telemetry.expectMetric('tta_primitive_active', {}, 0);
        await telemetry.expectMetric('tta_primitive_executions_total', {}, telemetry.spans().length);
        const spans = telemetry.spans().filter(({ name }) => name.startsWith('compensation '));
        expect(spans.map(({ name }) => name.slice('compensation '.length)).sort()).toEqual([...run.undoBegan].sort());

        if (!run.failed) seen.success += 1;
        else if (failed === 0) seen.undone += 1;
        else seen.notAllUndone += 1;
      } finally {
        await telemetry.stop();
      }
    }),
    { numRuns: 300 },
  );
  for (const [what, times] of Object.entries(seen)) expect(times, what).toBeGreaterThan(10);
});
