import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { conditional, NoRouteError, parallel, router, sequential, task, workflow } from '../../src/index.ts';
import {
  createVirtualClock,
  scriptedTask,
  settled,
  startTestTelemetry,
  type TestTelemetry,
} from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const double = task('double', (n: number) => n * 2);
const increment = task('increment', (n: number) => n + 1);

describe('sequential', () => {
  it('gives each step the output of the one before', async () => {
    await expect(sequential(double, increment, double).execute(5)).resolves.toBe(22);
    telemetry.expectSpans(`
      sequential SequentialPrimitive
        task double
        task increment
        task double
    `);
    await telemetry.expectMetric(
      'tta_workflow_executions_total',
      { workflow_name: 'SequentialPrimitive', status: 'success' },
      1,
    );
  });

  it('does not start the next step after an abort', async () => {
    const controller = new AbortController();
    const steps = sequential(
      task('abort', (n: number) => {
        controller.abort(new Error('stop'));
        return n;
      }),
      increment,
    );
    await expect(steps.execute(1, { signal: controller.signal })).rejects.toThrow('stop');
    await telemetry.expectMetric(
      'tta_primitive_outcomes_total',
      { primitive_type: 'sequential', outcome: 'cancelled' },
      1,
    );
  });

  it('is made by pipe as one sequence, however long, and changes none of its parts', async () => {
    const two = double.pipe(increment);
    const three = two.pipe(double);
    await expect(two.execute(1)).resolves.toBe(3);
    await expect(three.execute(1)).resolves.toBe(6);
    await telemetry.expectMetric('tta_workflow_executions_total', { status: 'success' }, 2);
  });

  it('refuses no steps and a step that is no primitive', () => {
    expect(() => (sequential as () => unknown)()).toThrow('sequential: needs at least one step, got none');
    expect(() => sequential(double, ((n: number) => n) as never)).toThrow(
      "sequential: step 2 must be a primitive, got a function; wrap the function: task('name', fn)",
    );
  });
});

describe('parallel', () => {
  it('makes a tuple of a list and an object of named branches', async () => {
    await expect(parallel([double, increment]).execute(5)).resolves.toEqual([10, 6]);
    await expect(parallel({ twice: double, more: increment }).execute(5)).resolves.toEqual({ twice: 10, more: 6 });
  });

  it('aborts the other branches when one fails, and rejects with that failure', async () => {
    const clock = createVirtualClock();
    const error = new Error('first');
    const slow = scriptedTask<number, number>('slow', [{ result: 1, delayMs: 1_000 }]);
    const failing = scriptedTask<number, number>('failing', [{ error, delayMs: 10 }]);
    const running = parallel([slow, failing]).execute(1, { context: { clock } });
    running.catch(() => {});
    await clock.advance(10);
    await expect(running).rejects.toBe(error);
    expect(clock.pending).toBe(0);
    await telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: 'task', outcome: 'cancelled' }, 1);
    await telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: 'task', outcome: 'failure' }, 1);
  });

  it('runs every branch to its end when told to settle', async () => {
    const error = new Error('one');
    const failing = scriptedTask<number, number>('failing', [{ error }]);
    const results = await parallel({ ok: double, bad: failing }, { mode: 'settle' }).execute(2);
    expect(results).toEqual({ ok: { status: 'fulfilled', value: 4 }, bad: { status: 'rejected', reason: error } });
  });

  it('runs no more branches at once than allowed, in order', async () => {
    const clock = createVirtualClock();
    let running = 0;
    let most = 0;
    const slow = task('slow', async (n: number, context) => {
      running += 1;
      most = Math.max(most, running);
      await context.clock.sleep(10, context.signal);
      running -= 1;
      return n;
    });
    const all = parallel(
      Array.from({ length: 7 }, () => slow),
      { concurrency: 3 },
    ).execute(1, { context: { clock } });
    await clock.advance(30);
    await expect(all).resolves.toHaveLength(7);
    expect(most).toBe(3);
  });

  it('starts no further branch after a failure', async () => {
    const failing = scriptedTask<number, number>('failing', [{ error: new Error('no') }]);
    const after = scriptedTask<number, number>('after', [{ result: 1 }]);
    await expect(parallel([failing, after], { concurrency: 1 }).execute(1)).rejects.toThrow('no');
    expect(after.calls).toEqual([]);
  });

  it('refuses wrong branches and options', () => {
    expect(() => parallel([])).toThrow('parallel: needs at least one branch, got none');
    expect(() => parallel({ x: 1 } as never)).toThrow('parallel: branch x must be a primitive, got 1');
    expect(() => parallel([double], { concurrency: 0 })).toThrow(
      'ParallelOptions: concurrency must be a whole number, 1 or more, got 0',
    );
    expect(() => parallel([double], { mode: 'all' as never })).toThrow("must be 'fail' or 'settle', got \"all\"");
  });
});

describe('conditional', () => {
  it('takes the branch that the test decides, and the input itself without an otherwise', async () => {
    const even = conditional((n: number) => n % 2 === 0, double, increment);
    await expect(even.execute(2)).resolves.toBe(4);
    await expect(even.execute(3)).resolves.toBe(4);
    await expect(conditional((n: number) => n > 9, double).execute(3)).resolves.toBe(3);
    expect(
      telemetry
        .spans()
        .filter(({ name }) => name.startsWith('conditional'))
        .map((span) => span.attributes['tta.conditional.branch']),
    ).toEqual(['then', 'otherwise', 'none']);
  });
});

describe('router', () => {
  const routes = { double, increment };

  it('runs the route that the selector names, also one that it names later', async () => {
    const route = router(async (n: number) => (n > 10 ? 'double' : 'increment'), routes);
    await expect(route.execute(11)).resolves.toBe(22);
    await expect(route.execute(1)).resolves.toBe(2);
  });

  it('takes the default where the selector names no route', async () => {
    const route = router(() => undefined, routes, { default: 'increment' });
    await expect(route.execute(1)).resolves.toBe(2);
  });

  it.each(['triple', 'toString', '__proto__', undefined])('rejects route %j with the list of routes', async (name) => {
    const running = router(() => name as never, routes, { name: 'maths' }).execute(1);
    await expect(running).rejects.toBeInstanceOf(NoRouteError);
    await expect(running).rejects.toThrow('its routes are double, increment');
    await telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: 'router', outcome: 'rejected' }, 1);
  });

  it('refuses a default that is no route', () => {
    expect(() => router(() => 'double', routes, { default: 'triple' as never })).toThrow(
      'RouterOptions: default must be one of double, increment, got "triple"',
    );
  });
});

describe('workflow', () => {
  it('gives an unnamed composition its name: one span, one count', async () => {
    await workflow('maths', sequential(double, increment)).execute(1);
    telemetry.expectSpans(`
      invoke_workflow maths
        task double
        task increment
    `);
    await telemetry.expectMetric('tta_workflow_executions_total', {}, 1);
    await telemetry.expectMetric('tta_workflow_executions_total', { workflow_name: 'maths', status: 'success' }, 1);
    await telemetry.expectMetric(
      'tta_primitive_executions_total',
      { primitive_type: 'sequential', primitive_name: 'maths', status: 'success' },
      1,
    );
  });

  it('runs around a primitive that has a name already', async () => {
    await workflow('outer', workflow('inner', double)).execute(1);
    telemetry.expectSpans(`
      invoke_workflow outer
        invoke_workflow inner
          task double
    `);
    await telemetry.expectMetric('tta_workflow_executions_total', { status: 'success' }, 2);
  });

  it('can be found in the traces by the id that the context tells', async () => {
    let id = '';
    const flow = workflow(
      'lookup',
      sequential(
        task('read', (_: void, context) => {
          id = context.workflowId;
        }),
      ),
    );
    await flow.execute(undefined, { context: { sessionId: 'chat-1', tags: { team: 'search', tries: 2 } } });
    const root = telemetry.spans().find(({ name }) => name === 'invoke_workflow lookup');
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(root?.attributes).toMatchObject({
      'tta.workflow.id': id,
      'tta.correlation.id': id,
      'session.id': 'chat-1',
      'tta.tag.team': 'search',
      'tta.tag.tries': 2,
    });
  });
});

describe('an abort', () => {
  it('reaches the innermost wait through every layer, and nothing is left waiting', async () => {
    const clock = createVirtualClock();
    const controller = new AbortController();
    const wait = task('wait', (_: void, context) => context.clock.sleep(60_000, context.signal));
    const deep = workflow(
      'deep',
      parallel([sequential(conditional(() => true, wait, wait)), router(() => 'a', { a: wait })]),
    );
    const running = deep.execute(undefined, { signal: controller.signal, context: { clock } });
    await settled();
    expect(clock.pending).toBe(2);
    const reason = new Error('stop all');
    controller.abort(reason);
    expect(clock.pending).toBe(0);
    await expect(running).rejects.toBe(reason);
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });
});
