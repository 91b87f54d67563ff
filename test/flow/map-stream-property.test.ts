/** Whatever the source, the items and the readers do, in whatever order: what a stream of results promises holds. */
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { map, task } from '../../src/index.ts';
import { settled, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

type Step =
  | { readonly do: 'read' | 'give' | 'exhaust' | 'break' | 'leave' | 'abort' | 'wait' }
  | { readonly do: 'finish' | 'fail'; readonly which: number };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 24, arbitrary: fc.constantFrom<Step>({ do: 'read' }, { do: 'give' }, { do: 'give' }, { do: 'wait' }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('finish' as const), which: fc.nat(7) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const), which: fc.nat(7) }) },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ do: 'exhaust' }, { do: 'break' }, { do: 'leave' }, { do: 'abort' }) },
);
const anyOptions = fc.record({
  concurrency: fc.integer({ min: 1, max: 4 }),
  unordered: fc.boolean(),
  mode: fc.constantFrom('fail' as const, 'settle' as const),
});
type Options = typeof anyOptions extends fc.Arbitrary<infer O> ? O : never;

/** An assertion thrown in the work of an item would be a failure of that item: what is broken is collected. */
type Must = (holds: boolean, promise: string) => void;

/** A source that gives, ends and breaks when it is told to, if it was asked. */
function steeredSource(must: Must) {
  const seen = { given: 0, closed: 0, ended: false };
  let owed: { resolve: (result: IteratorResult<number>) => void; reject: (error: unknown) => void } | undefined;
  const answer = (ends: boolean, how: (debt: NonNullable<typeof owed>) => void) => {
    const debt = owed;
    owed = undefined;
    if (debt === undefined) return;
    seen.ended ||= ends;
    how(debt);
  };
  const items: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        must(owed === undefined, 'the source is asked for one item at a time');
        must(!seen.ended && seen.closed === 0, 'the source is not asked after its end');
        return new Promise((resolve, reject) => {
          owed = { resolve, reject };
        });
      },
      return: async () => {
        seen.closed += 1;
        owed = undefined;
        return { done: true, value: undefined };
      },
    }),
  };
  return {
    items,
    seen,
    give: () => answer(false, ({ resolve }) => resolve({ done: false, value: seen.given++ })),
    exhaust: () => answer(true, ({ resolve }) => resolve({ done: true, value: undefined })),
    break: (error: Error) => answer(true, ({ reject }) => reject(error)),
  };
}

async function play({ concurrency, unordered, mode }: Options, steps: readonly Step[]) {
  const broken: string[] = [];
  const must: Must = (holds, promise) => void (holds || broken.push(promise));
  const source = steeredSource(must);
  const controller = new AbortController();
  const started: number[] = [];
  const finished: number[] = [];
  const got: number[] = [];
  const answers: string[] = [];
  const readings: Promise<unknown>[] = [];
  const open = new Map<number, { resolve: (n: number) => void; reject: (error: unknown) => void }>();
  let stopped = false;
  let readers = 0;
  let most = 0;

  /** How many results could be read by now, if there were readers enough. */
  const ready = () => {
    if (unordered) return finished.length;
    const missing = started.findIndex((n) => !finished.includes(n));
    return missing < 0 ? started.length : missing;
  };
  const work = task(
    'work',
    (n: number, context) =>
      new Promise<number>((resolve, reject) => {
        must(!stopped, 'nothing is started after the end');
        started.push(n);
        // The execution itself asks for the first result.
        most = Math.max(most, started.length - Math.min(Math.max(readers, 1), ready()));
        must(most <= concurrency, 'no more slots are used than there are');
        open.set(n, { resolve, reject });
        context.signal.addEventListener('abort', () => open.delete(n));
      }),
  );
  const running = map(work, { concurrency, unordered, mode }).execute(source.items, { signal: controller.signal });
  running.catch(() => {});

  const read = () => {
    const reader = readers++;
    const answered = (how: 'result' | 'done' | 'error') => {
      must(answers[reader] === undefined, 'a reader is answered once');
      answers[reader] = how;
      if (how !== 'result') stopped = true;
    };
    const reading = running
      .then((results) => results.next())
      .then(
        ({ done, value }) => {
          if (done !== true) got.push(numberOf(value));
          answered(done === true ? 'done' : 'result');
        },
        () => answered('error'),
      );
    readings.push(reading);
  };
  const settle = (which: number, how: 'finish' | 'fail') => {
    const n = [...open.keys()][which % Math.max(1, open.size)];
    if (n === undefined) return;
    const item = open.get(n);
    open.delete(n);
    finished.push(n);
    if (how === 'finish') item?.resolve(n);
    else item?.reject(new ItemError(n));
  };
  const leaveNow = (results: AsyncIterableIterator<unknown>) => {
    stopped = true;
    return results.return?.();
  };
  const leave = () => readings.push(running.then(leaveNow, () => {}));

  for (const step of steps) {
    if (step.do === 'read') read();
    if (step.do === 'give' || step.do === 'exhaust') source[step.do]();
    if (step.do === 'break') source.break(new Error('broken'));
    if (step.do === 'finish' || step.do === 'fail') settle(step.which, step.do);
    if (step.do === 'leave') leave();
    if (step.do === 'abort') {
      stopped = true;
      controller.abort(new Error('aborted'));
    }
    // Without a wait several things happen in one tick. An end must have been seen: a source that ends in the very tick in
    // which its reader leaves may be closed or not.
    if (step.do !== 'give' && step.do !== 'finish' && step.do !== 'fail' && step.do !== 'read') await settled();
  }
  // Reads to the end: the first result, those in the slots, and the end.
  for (let more = 0; more <= concurrency + 1; more += 1) read();
  for (;;) {
    await settled();
    source.exhaust();
    settle(0, 'finish');
    if (answers.filter(() => true).length === readers) break;
    if (source.seen.ended || source.seen.closed > 0) read();
  }
  await Promise.all(readings);
  await settled();
  const hasBegun = await running.then(
    () => true,
    () => false,
  );
  return { source: source.seen, started, finished, got, answers, readers, most, broken, hasBegun };
}

class ItemError extends Error {
  readonly item: number;

  constructor(item: number) {
    super(`item ${item}`);
    this.item = item;
  }
}

/** The item that a result belongs to, in either mode. */
function numberOf(value: number | PromiseSettledResult<number>): number {
  if (typeof value === 'number') return value;
  return value.status === 'fulfilled' ? value.value : (value.reason as ItemError).item;
}

it('keeps to its slots, to the order and to one answer a reader', { timeout: 60_000 }, async () => {
  const seen = { exhausted: 0, closed: 0, full: 0 };
  await fc.assert(
    fc.asyncProperty(anyOptions, fc.array(anyStep, { maxLength: 60, size: 'max' }), async (options, steps) => {
      const { source, started, finished, got, answers, readers, most, broken, hasBegun } = await play(options, steps);
      expect(broken).toEqual([]);
      const inOrder = options.unordered ? finished : started;
      expect(got).toEqual(inOrder.slice(0, got.length));
      expect(answers).toHaveLength(readers);
      const ends = answers.findIndex((answer) => answer !== 'result');
      expect(answers.slice(0, ends)).toEqual(Array.from({ length: ends }, () => 'result'));
      // An abort rejects every reader that waits; another failure rejects one. Without a first result there is no stream.
      const aborted = steps.some((step) => step.do === 'abort');
      const later = aborted || !hasBegun ? ['error', 'done'] : ['done'];
      for (const answer of answers.slice(ends + 1)) expect(later).toContain(answer);
      expect(source.closed, 'closed once, unless it has ended by itself').toBe(source.ended ? 0 : 1);
      seen[source.ended ? 'exhausted' : 'closed'] += 1;
      if (most === options.concurrency) seen.full += 1;
    }),
    { numRuns: 400 },
  );
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(20);
  await telemetry.expectMetric('tta_primitive_active', {}, 0);
});
