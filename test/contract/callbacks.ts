/**
 * Every callback that a primitive takes. Add a new one here, under its name and that of the factory: it is tested that it
 * gets the context, may answer later, and holds nobody.
 */
import {
  budget,
  cache,
  circuitBreaker,
  conditional,
  fallback,
  hedge,
  llm,
  llmStream,
  loop,
  type Model,
  type Primitive,
  rateLimit,
  retry,
  router,
  stream,
  switchOn,
  task,
  withCost,
} from '../../src/index.ts';
import { scriptedTask } from '../../src/testing/index.ts';
import { paidCall } from '../support/paid-calls.ts';

export type Callback = (...args: readonly unknown[]) => never;

type Select = (text: string) => 'a' | 'b';

export interface CallbackCase {
  /** `option of factory`, or `parameter of factory`. */
  readonly callback: string;
  /** What the callback answers, so that the execution succeeds with `done`, or fails with `error`. */
  readonly answer: unknown;
  /** Whether the execution fails although the callback answers. */
  readonly fails?: true;
  /** What the execution ends with when the callback throws. @default the error that it throws */
  readonly afterThrow?: unknown;
  readonly build: (callback: Callback) => Primitive<string, unknown>;
}

export const error = new Error('down');
export const done = task('done', (_: string) => 'done');
const doneAny = task('done', (_: unknown) => 'done');
export const down = task('down', (_: string): Promise<string> => Promise.reject(error));
const once = () => scriptedTask<string, string>('once', [{ error }, { result: 'done' }]);

const speaker: Model = {
  provider: 'fake',
  id: 'fake',
  generate: async () => ({ text: 'done' }),
  async *stream() {
    yield { text: 'done' };
  },
};

/** Callbacks that must answer at once; the doc comment of each says why. */
export const ANSWER_AT_ONCE = ['when of circuitBreaker', 'random of retry'];

export const CALLBACKS: readonly CallbackCase[] = [
  { callback: 'fn of task', answer: 'done', build: (fn) => task('own', fn) },
  {
    callback: 'fn of stream',
    answer: 'done',
    build: (fn) => {
      const chunks = stream('own', async function* (input: string, context) {
        yield await fn(input, context);
      });
      return task('read', async (input: string) => {
        for await (const chunk of await chunks.execute(input)) return chunk;
        return undefined;
      });
    },
  },
  { callback: 'test of conditional', answer: true, build: (test) => conditional(test, done, down) },
  { callback: 'select of router', answer: 'a', build: (select) => router(select as Select, { a: done, b: down }) },
  { callback: 'select of switchOn', answer: 'a', build: (select) => switchOn(select as Select, { a: done, b: down }) },
  { callback: 'until of loop', answer: true, build: (until) => loop(done, { until, maxIterations: 1 }) },
  {
    callback: 'when of retry',
    answer: true,
    afterThrow: error,
    build: (when) => retry(once(), { when, initialDelayMs: 0 }),
  },
  {
    callback: 'whenResult of retry',
    answer: false,
    build: (whenResult) => retry(done, { whenResult }),
  },
  {
    callback: 'onRetry of retry',
    answer: undefined,
    afterThrow: 'done',
    build: (onRetry) => retry(once(), { onRetry, initialDelayMs: 0 }),
  },
  {
    callback: 'onCost of withCost',
    answer: undefined,
    afterThrow: 'done',
    build: (onCost) => withCost(done, { onCost }).pipe(task('output', ({ output }) => output)),
  },
  {
    callback: 'when of hedge',
    answer: true,
    afterThrow: error,
    build: (when) => hedge(once(), { when, delayMs: 60_000 }),
  },
  {
    callback: 'when of fallback',
    answer: true,
    afterThrow: error,
    build: (when) => fallback(down, [{ use: done, when }]),
  },
  {
    callback: 'key of circuitBreaker',
    answer: 'a',
    build: (key) => circuitBreaker(done, { consecutiveFailures: 1, openMs: 1, key }),
  },
  { callback: 'weight of rateLimit', answer: 1, build: (weight) => rateLimit(done, { permits: 1, perMs: 1, weight }) },
  { callback: 'per of budget', answer: 'a', build: (per) => budget(done, { limitUsd: 1, per }) },
  {
    callback: 'estimate of budget',
    answer: 0.1,
    build: (estimate) =>
      budget(
        task('input', () => ({ needs: 1 }))
          .pipe(paidCall())
          .pipe(doneAny),
        { limitUsd: 1, estimate },
      ),
  },
  {
    callback: 'onWarn of budget',
    answer: undefined,
    afterThrow: 'done',
    build: (onWarn) =>
      budget(
        task('input', () => ({ needs: 1 }))
          .pipe(paidCall())
          .pipe(doneAny),
        { limitUsd: 1, onWarn },
      ),
  },
  { callback: 'key of cache', answer: 'a', build: (key) => cache(done, { key }) },
  {
    callback: 'negative of cache',
    answer: true,
    fails: true,
    afterThrow: error,
    build: (when) => cache(down, { key: String, negative: { when, ttlMs: 1 } }),
  },
  {
    callback: 'onReply of llm',
    answer: undefined,
    afterThrow: 'done',
    build: (onReply) => llm(speaker, { onReply }).pipe(task('text', ({ text }) => text)),
  },
  {
    callback: 'onReply of llmStream',
    answer: undefined,
    afterThrow: 'done',
    build: (onReply) =>
      llmStream(speaker, { onReply }).pipe(
        task('text', async (chunks) => {
          let text = '';
          for await (const chunk of chunks) text += chunk;
          return text;
        }),
      ),
  },
];
