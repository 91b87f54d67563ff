import { metrics } from '@opentelemetry/api';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { otherVersion } from '../../src/core/copies.ts';
import * as first from '../../src/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
let second: typeof first;
beforeAll(async () => {
  vi.resetModules();
  second = await import('../../src/index.ts');
});

describe('two copies of the package in one process', () => {
  let telemetry: TestTelemetry | undefined;
  afterEach(async () => {
    await telemetry?.stop();
    telemetry = undefined;
  });

  it('are two copies here, and nothing warns of them', () => {
    expect(second.task).not.toBe(first.task);
    expect(warn).not.toHaveBeenCalled();
  });

  it('add up their counts, and no counter ever goes backwards', async () => {
    const [one, two] = [first.task('shared', () => 1), second.task('shared', () => 2)];
    await one.execute(undefined);
    telemetry = startTestTelemetry();
    const count = () => telemetry?.expectMetric('tta_primitive_executions_total', { primitive_name: 'shared' }, total);
    let total = 0;
    for (const step of [one, two, two, one]) {
      await step.execute(undefined);
      total += 1;
      await count();
    }
    second.task('built late', () => 1);
    await count();
    await telemetry.expectMetric('tta_execution_duration_seconds_count', { primitive_type: 'task' }, 4);
    expect(await telemetry.scrapeText()).not.toMatch(/tta_primitive_active\{.*\} (?!0)/);
  });

  it('stop counting for a provider that is gone, whichever of them notices first', async () => {
    const [one, two] = [first.task('again', () => 1), second.task('again', () => 2)];
    for (const order of [
      [one, two],
      [two, one],
    ] as const) {
      telemetry = startTestTelemetry();
      for (const step of order) await step.execute(undefined);
      await telemetry.expectMetric('tta_primitive_executions_total', { primitive_name: 'again' }, 2);
      await telemetry.stop();
      expect(metrics.getMeterProvider().constructor.name).toBe('NoopMeterProvider');
      for (const step of [...order].reverse()) await step.execute(undefined);
    }
  });

  it('hold a budget of the other copy, and know its refusal', async () => {
    telemetry = startTestTelemetry();
    const generate = async () => ({ text: 'yes', usage: { inputTokens: 0, outputTokens: 1_000 } });
    const model = { provider: 'openai', id: 'gpt-4', generate };
    for (const [outer, inner] of [
      [first, second],
      [second, first],
    ] as const) {
      const name = outer === first ? 'one' : 'two';
      const twice = inner.map(inner.llm(model), { concurrency: 1 });
      const error = await outer
        .budget(twice, { name, limitUsd: 0.1 })
        .execute(['', ''])
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(inner.BudgetExceededError);
      expect(error).toMatchObject({ spentUsd: 0.06, neededUsd: 0.06 });
      await telemetry.expectMetric('tta_budget_remaining_dollars', { budget: name }, 0.04);
    }
  });

  it('take the primitives of each other, with the context around them', async () => {
    telemetry = startTestTelemetry();
    const inner = second.task(
      'inner',
      (text: string, { tags, workflowName }) => `${text} ${tags.team} ${workflowName}`,
    );
    const outer = first.workflow('outer', first.sequential(first.retry(second.timeout(inner, { timeoutMs: 1_000 }))));
    expect(await outer.execute('hello', { context: { tags: { team: 'a' } } })).toBe('hello a outer');
    telemetry.expectSpans(`
      invoke_workflow outer
        retry RetryPrimitive
          timeout TimeoutPrimitive
            task inner
    `);
  });

  it('run with a context of another process inside of each other', async () => {
    const headers = { baggage: 'session.id=s-1' };
    for (const [outer, inner] of [
      [first, second],
      [second, first],
    ] as const) {
      const read = inner.task('read', (_: undefined, { sessionId, workflowName }) => `${sessionId} ${workflowName}`);
      const answer = outer.task('outer', () => read.execute(undefined, { context: inner.extract(headers) }));
      expect(await outer.workflow('around', outer.sequential(answer)).execute(undefined)).toBe('s-1 around');
    }
  });

  it('pass contexts, signals and streams to each other', async () => {
    const own = await first.task('own', (_: undefined, context) => context).execute(undefined);
    const tagged = second.task('tagged', (_: undefined, context) => context.workflowId);
    expect(await tagged.execute(undefined, { context: own })).toBe(own.workflowId);
    expect(second.inject(own, {} as Record<string, string>).baggage).toContain(own.workflowId);

    const aborting = new AbortController();
    const hang = second.timeout(
      second.task('hang', () => new Promise<never>(() => {})),
      { timeoutMs: 60_000 },
    );
    const waiting = first.retry(first.parallel([hang])).execute(undefined, { signal: aborting.signal });
    aborting.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');

    const chunks: number[] = [];
    const numbers = second.stream('numbers', async function* () {
      yield* [1, 2, 3];
    });
    for await (const chunk of await first.workflow('read', first.sequential(numbers)).execute(undefined)) {
      chunks.push(chunk);
    }
    expect(chunks).toEqual([1, 2, 3]);
  });

  it('tell a saga of the other copy of work that was interrupted', async () => {
    const lookedUp: unknown[] = [];
    const slow = second.task('slow', () => new Promise<string>(() => {}));
    const pay = {
      name: 'pay',
      do: first.fallback(second.timeout(slow, { timeoutMs: 1 }), [
        first.task('no', () => Promise.reject(new Error('no'))),
      ]),
      compensate: first.task('undo', () => {}),
      whenUnknown: first.task('look up', ({ input }: { input: unknown }) => void lookedUp.push(input)),
    };
    await expect(first.saga([pay]).execute('o1')).rejects.toThrow('no');
    expect(lookedUp).toEqual(['o1']);
  });

  it('notice that caches of both wait for each other', async () => {
    const key = (text: string) => text;
    const slow =
      <Out>(work: () => Promise<Out>) =>
      async () => {
        await new Promise((resolve) => setImmediate(resolve));
        return await work();
      };
    const one: first.Primitive<string, string> = first.cache(
      first.task(
        'ask two',
        slow(() => two.execute('b')),
      ),
      { name: 'one', key },
    );
    const two: first.Primitive<string, string> = second.cache(
      second.task(
        'ask one',
        slow(() => one.execute('a')),
      ),
      { name: 'two', key },
    );
    const ends = await Promise.allSettled([one.execute('a'), two.execute('b')]);
    for (const end of ends) expect(end).toMatchObject({ reason: { name: 'CacheCycleError' } });
  });

  it('lend a slot of a bulkhead to an execution inside, through primitives of both', async () => {
    let depth = 0;
    const narrow: first.Primitive<undefined, number> = first.bulkhead(
      first.task('deep', async () => (++depth < 3 ? again.execute(undefined) : depth)),
      { concurrency: 1 },
    );
    const again = second.retry(narrow);
    expect(await again.execute(undefined)).toBe(3);
  });

  it('know every class of each other that the front door has', () => {
    const classes = Object.entries(first).filter(([, value]) => /^class /.test(String(value)));
    expect(classes.length).toBeGreaterThan(8);
    for (const [name, made] of classes) {
      const other = second[name as keyof typeof second] as typeof made & { readonly prototype: object };
      expect(Object.create(other.prototype), name).toBeInstanceOf(made);
    }
  });

  it('know the errors, circuits and budgets of each other', async () => {
    const slow = second.timeout(
      second.task('slow', () => new Promise<never>(() => {})),
      { timeoutMs: 1 },
    );
    const error = await slow.execute(undefined).catch((reason) => reason);
    expect(error).toBeInstanceOf(first.PrimitiveTimeoutError);
    expect(error).toBeInstanceOf(second.PrimitiveTimeoutError);
    expect(new Error('other')).not.toBeInstanceOf(first.PrimitiveTimeoutError);
    class Mine extends first.PrimitiveTimeoutError {}
    expect(error).not.toBeInstanceOf(Mine);
    expect(new Mine('mine', 1)).toBeInstanceOf(Mine);

    const circuit = second.circuit({ consecutiveFailures: 1, openMs: 60_000 });
    const broken = first.task('broken', () => {
      throw new Error('down');
    });
    const guarded = first.circuitBreaker(broken, { circuit });
    await expect(guarded.execute(undefined)).rejects.toThrow('down');
    expect(circuit.state).toBe('open');
    await expect(guarded.execute(undefined)).rejects.toBeInstanceOf(second.CircuitOpenError);
    first.retry(broken, { budget: second.retryBudget() });
  });

  it('show all circuits of one name in one gauge', async () => {
    telemetry = startTestTelemetry();
    const broken = second.task('broken', () => {
      throw new Error('down');
    });
    const rules = { name: 'provider', consecutiveFailures: 1, openMs: 60_000 };
    first.circuitBreaker(broken, rules);
    await second
      .circuitBreaker(broken, rules)
      .execute(undefined)
      .catch(() => {});
    await telemetry.expectMetric('tta_circuit_breaker_state', { primitive_name: 'provider' }, 2);
  });
});

describe('a version that does not fit', () => {
  it('is told of, with how to leave one', async () => {
    const loaded = Symbol.for('tta-primitives/generations');
    const generations = (globalThis as unknown as Record<symbol, Set<number>>)[loaded];
    generations?.add(-1);
    vi.resetModules();
    await import('../../src/index.ts');
    generations?.delete(-1);
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/^two versions of tta-primitives .+ npm dedupe leaves one$/), 'TtaPrimitivesWarning'],
    ]);
  });

  it('is not suspected behind what only has a word of ours', () => {
    expect(() => second.sequential({ pipe: 'dream' } as never)).toThrow(/got an object with pipe$/);
  });

  it.each([
    ['a method', { pipe: () => {} }],
    ['a method that it inherits', Object.create({ pipe: () => {} })],
  ])('is named where the value has %s of that name', (_, value) => {
    expect(otherVersion(value, 'pipe')).toBe(
      ', made by another version of tta-primitives: npm ls tta-primitives shows them, npm dedupe leaves one',
    );
  });

  const trap = () => {
    throw new Error('trap');
  };
  it.each([
    ['undefined', () => undefined],
    ['null', () => null],
    ['a text', () => 'pipe'],
    ['an object without it', () => ({ inWorkflow: () => {} })],
    ['an object where it is no method', () => ({ pipe: true })],
    ['an object that throws when it is asked', () => Object.defineProperty({}, 'pipe', { get: trap })],
  ])('is not named for %s', (_, make) => {
    expect(otherVersion(make(), 'pipe')).toBe('');
  });
});
