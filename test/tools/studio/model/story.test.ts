/** The sentence on a run, of real primitives as Studio receives their spans. */
import { describe, expect, it } from 'vitest';
import {
  bulkhead,
  circuitBreaker,
  fallback,
  hedge,
  llm,
  map,
  parallel,
  race,
  retry,
  saga,
  sequential,
  task,
  timeout,
  workflow,
} from '../../../../src/index.ts';
import { scriptedModel } from '../../../../src/testing/index.ts';
import { storyOf } from '../../../../src/tools/studio/model/story.ts';
import { treeOf } from '../../../../src/tools/studio/model/tree.ts';
import { treeFrom } from './recorded.ts';
import { chat, primitive, span } from './spans.ts';

const fails = (name: string, message = 'no answer', options?: ErrorOptions) =>
  task(name, () => Promise.reject(new Error(message, options)));
const never = (name: string) => task(name, () => new Promise(() => {}));
const QUICK = { name: 'again', initialDelayMs: 1, maxRetries: 2, when: () => true };
const refused = new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });

/** Fails so many times, and then answers. */
function flaky(name: string, times: number) {
  let left = times;
  return task(name, () => {
    left -= 1;
    if (left >= 0) throw new Error('busy');
  });
}

describe('the sentence on a run', () => {
  it.each<[string, () => Promise<unknown>, string]>([
    [
      'says what failed and why, with the causes',
      () =>
        workflow(
          'flow',
          sequential(
            task('a', () => 1),
            fails('b', 'no', { cause: refused }),
          ),
        ).execute(undefined),
      'task b failed: Error: no, caused by TypeError: fetch failed, caused by Error: connect ECONNREFUSED; nothing absorbed it.',
    ],
    [
      'says at which attempt',
      () => retry(fails('ask'), QUICK).execute(),
      'task ask failed at attempt 3 of 3 of retry again: Error: no answer; nothing absorbed it.',
    ],
    [
      'says that an error is not worth a retry',
      () => retry(fails('ask'), { ...QUICK, when: () => false }).execute(),
      'task ask failed at attempt 1 of 1 of retry again: Error: no answer; retry again does not retry this error.',
    ],
    [
      'says which substitutes failed too',
      () => fallback(retry(fails('ask'), QUICK), [fails('small'), fails('sorry', 'nor this')]).execute(undefined),
      'task sorry failed: Error: nor this; fallback around again asked 2 substitutes, which failed too.',
    ],
    [
      'says what a timeout ended',
      () => retry(timeout(never('slow'), { timeoutMs: 20, name: 'limit' }), { ...QUICK, maxRetries: 1 }).execute(),
      'timeout limit timed out after 0.02 s at attempt 2 of 2 of retry again, while task slow ran: PrimitiveTimeoutError: limit did not finish within 20 ms; nothing absorbed it.',
    ],
    [
      'says which steps a saga undid, and what failed first',
      () =>
        saga(
          [
            { name: 'book', do: task('book', () => 1), compensate: task('cancel', () => {}) },
            { name: 'pay', do: task('pay', () => 1), compensate: fails('refund', 'bank closed') },
            { name: 'ship', do: fails('ship', 'no truck') },
          ],
          { name: 'order' },
        ).execute(undefined as never),
      'task ship failed: Error: no truck; saga order undid book and could not undo pay (Error: bank closed).',
    ],
    [
      'says that all branches of a race failed',
      () => race([fails('a'), fails('b', 'nor b')]).execute(undefined),
      'race around a failed: RaceError: race: all 2 branches failed: a: Error: no answer; b: Error: nor b, caused by Error: no answer, and by Error: nor b; nothing absorbed it.',
    ],
    [
      'does not blame what was given up because of the failure',
      () => workflow('both', parallel([never('slow'), fails('bad')])).execute(undefined),
      'task bad failed: Error: no answer; nothing absorbed it.',
    ],
    [
      'says who refused the work',
      () => map(bulkhead(never('slow'), { concurrency: 1, name: 'one' }), { concurrency: 2 }).execute([1, 2] as never),
      'bulkhead one refused its work: BulkheadFullError: one is full: 1 running and 0 waiting, which is all it may hold; nothing absorbed it.',
    ],
    [
      'says what made another error of the first',
      () =>
        workflow(
          'w',
          task('outer', async (_: undefined, context) => {
            try {
              await fails('inner', 'no', { cause: refused }).execute(undefined, { context });
            } catch (error) {
              throw new Error('cannot answer', { cause: error });
            }
          }),
        ).execute(undefined),
      'task inner failed: Error: no, caused by TypeError: fetch failed, caused by Error: connect ECONNREFUSED; task outer made it Error: cannot answer.',
    ],
    [
      'says who cancelled it, and what ran',
      () => workflow('w', never('slow')).execute(undefined, { signal: AbortSignal.timeout(10) }),
      'workflow w was cancelled, while task slow ran: TimeoutError: The operation was aborted due to timeout.',
    ],
    [
      'says what absorbed failures in a run that worked',
      () =>
        workflow('w', fallback(retry(fails('ask'), QUICK), [flaky('sorry', 0)], { name: 'other' })).execute(undefined),
      'The run worked, although 3 calls failed: fallback other absorbed all of them by the answer of sorry.',
    ],
    [
      'says how many failures a retry absorbed',
      () => workflow('w', retry(flaky('ask', 1), QUICK)).execute(undefined),
      'The run worked, although 1 call failed: retry again absorbed it by trying again.',
    ],
    [
      'says that a result was refused',
      () => {
        const model = scriptedModel([{ text: '' }, { text: 'ok' }], { provider: 'openai', id: 'gpt-4' });
        return retry(llm(model), { ...QUICK, whenResult: ({ text }) => text === '' }).execute('hi');
      },
      'The run worked, although retry again refused 1 result and tried again.',
    ],
    [
      'does not count the losers of a hedge',
      () =>
        hedge(
          task('slow', () => new Promise((resolve) => setTimeout(resolve, 30))),
          { delayMs: 1 },
        ).execute(),
      'The run worked.',
    ],
  ])('%s', async (_, work, text) => {
    expect(storyOf(await treeFrom(work)).text).toBe(text);
  });

  it('says why an open circuit refused', async () => {
    const guarded = circuitBreaker(fails('ask'), { name: 'guard', consecutiveFailures: 1, openMs: 10_000 });
    await guarded.execute().catch(() => {});
    const { text, tone } = storyOf(await treeFrom(() => workflow('w', guarded).execute(undefined)));
    expect(tone).toBe('failed');
    expect(text).toMatch(/^circuit_breaker guard refused its work: CircuitOpenError: /);
  });

  it('names the spans that it speaks of, from the root to the culprit', async () => {
    const { parts, path, culprit } = storyOf(await treeFrom(() => retry(fails('ask'), QUICK).execute()));
    expect(parts.filter(({ spanId }) => spanId !== null).map(({ text }) => text)).toEqual(['task ask', 'retry again']);
    expect(parts.filter(({ text }) => text === '')).toEqual([]);
    expect(path.map(({ attempt }) => attempt)).toEqual([null, 3]);
    expect(culprit?.attempt).toBe(3);
  });

  it('tells of programs that have none of our primitives', () => {
    const agent = { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'helper' };
    const failed = { failed: 'openai.RateLimitError: slow down' };
    const tree = treeOf([
      span({ id: 'http', kind: 'server', name: 'POST /ask', took: 50, failed: 'Error: 500' }),
      span({ id: 'agent', parent: 'http', took: 40, attributes: agent, ...failed }),
      chat('gpt-5', { id: 'call', parent: 'agent', took: 30, ...failed }),
    ]);
    expect(storyOf(tree).text).toBe('chat gpt-5 failed: openai.RateLimitError: slow down; nothing absorbed it.');
  });

  it('says the type of an error once, where the status of the span has it too', () => {
    const failed = 'ValueError: ValueError: no such page';
    expect(storyOf(treeOf([span({ id: 'python', failed })])).text).toBe(
      'python failed: ValueError: no such page; nothing absorbed it.',
    );
  });

  it('tells of a run whose end has not come', () => {
    const step = primitive('task', 'step', { id: 'step', parent: 'flow' });
    expect(storyOf(treeOf([step]))).toMatchObject({
      tone: 'growing',
      text: 'The end of the run has not been received.',
    });
    expect(storyOf(treeOf([])).text).toBe('Nothing of this run has been received.');
  });

  it('stays a sentence, whatever the texts are', () => {
    const failed = `Error: ${'x\n'.repeat(100_000)}`;
    const { text } = storyOf(treeOf([primitive('task', 'n'.repeat(10_000), { id: 'a', failed })]));
    expect(text.length).toBeLessThan(1_000);
    expect(text).not.toContain('\n');
  });
});
