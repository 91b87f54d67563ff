/** A user's callbacks: each gets the context last, may answer later, and cannot hold an execution that was aborted. */
import { describe, expect, it } from 'vitest';
import {
  circuitBreaker,
  hedge,
  PrimitiveTimeoutError,
  retry,
  router,
  task,
  type WorkflowContext,
} from '../../src/index.ts';
import { createVirtualClock, settled } from '../../src/testing/index.ts';
import { CALLBACKS, type Callback, down, error } from '../contract/callbacks.ts';

const opens = { consecutiveFailures: 1, openMs: 1 };

const outcome = (running: Promise<unknown>) => running.catch((reason: unknown) => reason);

describe.each(CALLBACKS)('$callback', ({ answer, fails, afterThrow, build }) => {
  const right = fails ? error : 'done';

  it('gets the context of its execution as its last argument', async () => {
    const seen: WorkflowContext[] = [];
    const primitive = build((...args) => {
      seen.push(args.at(-1) as WorkflowContext);
      return answer as never;
    });
    const clock = createVirtualClock();
    const running = outcome(primitive.execute('x', { context: { tags: { team: 'a' }, clock } }));
    await settled();
    await clock.advance(1);
    expect(await running).toBe(right);
    expect(seen.map((context) => [context.tags, context.clock])).toEqual([[{ team: 'a' }, clock]]);
    expect(seen[0]?.signal).toBeInstanceOf(AbortSignal);
  });

  it('may answer later', async () => {
    const primitive = build((async () => {
      await settled();
      return answer;
    }) as Callback);
    expect(await outcome(primitive.execute('x'))).toBe(right);
  });

  it('ends the execution with its error, or with that of the work where there is one', async () => {
    const mine = new Error('mine');
    const expected = afterThrow ?? mine;
    const throwing = build(() => {
      throw mine;
    });
    const rejecting = build((() => Promise.reject(mine)) as Callback);
    expect(await outcome(throwing.execute('x'))).toBe(expected);
    expect(await outcome(rejecting.execute('x'))).toBe(expected);
  });

  it('does not hold an execution that is aborted, and hears of the abort', async () => {
    const controller = new AbortController();
    let signal: AbortSignal | undefined;
    let settledWith: unknown;
    const primitive = build(((...args: readonly unknown[]) => {
      signal = (args.at(-1) as WorkflowContext).signal;
      return new Promise(() => {});
    }) as Callback);
    void outcome(primitive.execute('x', { signal: controller.signal })).then((reason) => {
      settledWith = reason;
    });
    await settled();
    expect(signal?.aborted).toBe(false);
    const reason = new Error('changed my mind');
    controller.abort(reason);
    for (let i = 0; i < 20 && settledWith === undefined; i += 1) await Promise.resolve();
    expect(settledWith).toBe(reason);
    expect(signal?.aborted).toBe(true);
  });
});

describe('a callback that answers at once', () => {
  it('is what `when` of circuitBreaker must be, with the context too', async () => {
    const seen: unknown[] = [];
    const when = (_: unknown, context: WorkflowContext) => {
      seen.push(context.tags);
      return true;
    };
    const guarded = circuitBreaker(down, { ...opens, when });
    expect(await outcome(guarded.execute('x', { context: { tags: { team: 'a' } } }))).toBe(error);
    expect(seen).toEqual([{ team: 'a' }]);
    const later = circuitBreaker(down, { ...opens, when: (async () => false) as never });
    await expect(later.execute('x')).rejects.toThrow('circuitBreaker around down: when must answer at once');
  });

  it('does not put off what comes after it', async () => {
    const turns: string[] = [];
    const sync = router(() => 'a', { a: task('a', () => void turns.push('router')) });
    const running = sync.execute(undefined);
    await Promise.resolve().then(() => turns.push('first turn'));
    await running;
    expect(turns).toEqual(['router', 'first turn']);
  });
});

describe('an asynchronous when', () => {
  it('of retry is given up on at the deadline, and the error that it was asked about is the cause', async () => {
    const clock = createVirtualClock();
    const patient = retry(down, { deadlineMs: 10, when: () => new Promise<boolean>(() => {}) });
    const running = outcome(patient.execute('x', { context: { clock } }));
    await settled();
    await clock.advance(10);
    const late = await running;
    expect(late).toBeInstanceOf(PrimitiveTimeoutError);
    expect(late).toMatchObject({ cause: error });
  });

  it('of hedge loses neither an answer nor a failure that comes meanwhile', async () => {
    for (const [second, result] of [
      [() => Promise.resolve('done'), 'done'],
      [() => Promise.reject(error), error],
    ] as const) {
      let calls = 0;
      const finish: (() => void)[] = [];
      const work = task('work', async (_: string) => {
        calls += 1;
        if (calls === 1) throw new Error('first');
        await new Promise<void>((resolve) => finish.push(resolve));
        return second();
      });
      const judged: ((worth: boolean) => void)[] = [];
      const when = () => new Promise<boolean>((resolve) => judged.push(resolve));
      const running = outcome(hedge(work, { delayMs: 0, when }).execute('x'));
      await settled();
      // The first has failed and is being judged when the second comes back.
      finish[0]?.();
      await settled();
      for (const judge of judged) judge(true);
      await settled();
      for (const judge of judged) judge(true);
      expect(await running).toBe(result);
    }
  });
});
