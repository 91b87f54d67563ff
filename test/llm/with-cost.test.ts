import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import {
  type Cost,
  fallback,
  llm,
  llmStream,
  type Model,
  parallel,
  retry,
  sequential,
  task,
  timeout,
  type WithCost,
  withCost,
  workflow,
} from '../../src/index.ts';
import { beginModelCall } from '../../src/llm/begin-model-call.ts';
import {
  createVirtualClock,
  scriptedModel,
  settled,
  startTestTelemetry,
  type TestTelemetry,
} from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const usage = { inputTokens: 1_000, outputTokens: 1_000, cachedInputTokens: 100 };
const gpt4 = { provider: 'openai', id: 'gpt-4' };
const ask = llm(scriptedModel([{ text: 'ok', usage }], gpt4));
const broken = task('broken', () => Promise.reject(new Error('no')));

describe('withCost', () => {
  it('gives the output and what its model calls cost, in all and by model', async () => {
    const mini = llm(scriptedModel([{ text: 'ok', usage }], { provider: 'openai', id: 'gpt-3.5-turbo' }));
    const { output, cost } = await withCost(parallel([ask, ask, mini])).execute('x');
    expect(output.map(({ text }) => text)).toEqual(['ok', 'ok', 'ok']);
    expect(cost).toMatchObject({ calls: 3, unpriced: 0, unmetered: 0 });
    expect(cost.dollars).toBeCloseTo(0.1835, 12);
    expect(cost.usage).toMatchObject({ inputTokens: 3_000, outputTokens: 3_000, cachedInputTokens: 300 });
    expect(Object.keys(cost.byModel)).toEqual(['openai/gpt-4', 'openai/gpt-3.5-turbo']);
    expect(cost.byModel['openai/gpt-4']).toMatchObject({ calls: 2, dollars: 0.18 });
    expect(JSON.parse(JSON.stringify(cost)).byModel['openai/gpt-3.5-turbo'].dollars).toBeCloseTo(0.0035, 12);
  });

  it('has the types of its primitive', () => {
    const length = task('length', (text: string) => text.length);
    expectTypeOf(withCost(length).execute).returns.resolves.toEqualTypeOf<WithCost<number>>();
    expectTypeOf<WithCost<number>['cost']>().toEqualTypeOf<Cost>();
  });

  it('counts a call that no primitive makes', async () => {
    const wire = task('wire', () =>
      beginModelCall({
        operation: 'chat',
        provider: 'openai',
        model: 'gpt-4',
        requestBytes: 1,
        maxOutputTokens: undefined,
        serverAddress: 'api.openai.com',
        serverPort: 443,
        streams: false,
        resendCount: undefined,
      }).succeeded({
        model: 'gpt-4',
        id: undefined,
        finishReasons: [],
        usage,
        metering: 'exact',
        statedDollars: undefined,
        serviceTier: undefined,
      }),
    );
    expect((await withCost(wire).execute('x')).cost).toMatchObject({ dollars: 0.09, calls: 1 });
  });

  it('is nothing where nothing is called', async () => {
    const { cost } = await withCost(task('none', () => 1)).execute('x');
    expect(cost).toMatchObject({ dollars: 0, calls: 0, byModel: {} });
  });

  it('counts calls of unknown price, of unknown tokens, and tries that failed', async () => {
    const odd = llm(scriptedModel([{ text: 'ok', usage }], { id: 'nobody-knows' }));
    const bare = llm(scriptedModel([{ text: 'ok' }], gpt4));
    const flaky = llm(
      scriptedModel([{ error: Object.assign(new Error('no'), { usage }) }, { text: 'ok', usage }], gpt4),
    );
    const again = retry(flaky, { initialDelayMs: 0, when: () => true });
    const { cost } = await withCost(parallel([odd, bare, again])).execute('x');
    expect(cost).toMatchObject({ calls: 4, unpriced: 1, unmetered: 1 });
    expect(cost.dollars).toBeCloseTo(0.18, 12);
  });

  it('keeps executions at the same time apart, and counts a call for each withCost around it', async () => {
    const twice = withCost(
      sequential(
        ask,
        task('text', ({ text }: { text: string }) => text),
      ).pipe(ask),
    );
    const both = withCost(parallel([withCost(ask), twice]));
    const runs = await Promise.all([both.execute('x'), both.execute('x')]);
    for (const { output, cost } of runs) {
      expect([cost.calls, output[0].cost.calls, output[1].cost.calls]).toEqual([3, 1, 2]);
    }
  });

  it('tells onCost of an execution that fails too, and of no error that onCost throws', async () => {
    const told: [number, string | undefined][] = [];
    const onCost = async (cost: Cost, { workflowName }: { workflowName: string | undefined }) => {
      await Promise.resolve();
      told.push([cost.dollars, workflowName]);
      throw new Error('from onCost');
    };
    const work = withCost(sequential(ask, broken), { onCost });
    await expect(workflow('flow', work).execute('x')).rejects.toThrow('no');
    await expect(withCost(ask, { onCost }).execute('x')).resolves.toMatchObject({ cost: { calls: 1 } });
    expect(told).toEqual([
      [0.09, 'flow'],
      [0.09, undefined],
    ]);
  });

  it('grows while a stream is read, and tells onCost at its end', async () => {
    const told: number[] = [];
    const model: Model = {
      ...gpt4,
      generate: () => Promise.reject(new Error('no')),
      async *stream() {
        yield { text: 'a' };
        yield { text: 'b', usage };
      },
    };
    const { output, cost } = await withCost(llmStream(model), { onCost: ({ dollars }) => told.push(dollars) }).execute(
      'x',
    );
    await output.next();
    expect([cost.calls, told]).toEqual([0, []]);
    for await (const _ of output);
    await settled();
    expect(cost).toMatchObject({ calls: 1, dollars: 0.09 });
    expect(told).toEqual([0.09]);
    const left = await withCost(llmStream(model)).execute('x');
    for await (const _ of left.output) break;
    expect(left.cost).toMatchObject({ calls: 1, unmetered: 1, dollars: 0 });
  });

  it('counts a call that was given up when it has ended', async () => {
    const clock = createVirtualClock();
    const late: Model = {
      ...gpt4,
      async generate() {
        await clock.sleep(500);
        return { text: 'late', usage };
      },
    };
    const work = withCost(fallback(timeout(llm(late), { timeoutMs: 100 }), [ask]));
    const running = work.execute('x', { context: { clock } });
    await clock.advance(100);
    const { cost } = await running;
    expect(cost.calls).toBe(1);
    await clock.advance(400);
    expect(cost).toMatchObject({ calls: 2, dollars: 0.18 });
  });

  it('adds many small sums up without drift', async () => {
    const cheap = llm(scriptedModel([{ text: 'ok', usage: { inputTokens: 1, outputTokens: 0 } }], { id: 'c' }), {
      prices: { c: { input: 0.1, output: 0 } },
    });
    const many = task('many', async () => {
      for (let i = 0; i < 1_000; i += 1) await cheap.execute('x');
    });
    expect((await withCost(many).execute('x')).cost.dollars).toBe(0.0001);
  });
});
