/** What a saga must know of a step whose work is done elsewhere. */
import { describe, expect, it } from 'vitest';
import { doNotRetry, type Primitive, retry, saga, task, timeout } from '../../src/index.ts';
import { distribute, type JobQueue, memoryQueue, QueueFullError, startWorker } from '../../src/queue/index.ts';
import { createVirtualClock, settled } from '../../src/testing/index.ts';

const until = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
const ok = task('ok', (x: string) => x);
const fails = task('fails', () => {
  throw new Error('by itself');
});

/** A saga whose first step is elsewhere, and whose second step fails. Notes what is undone. */
function sagaAround(queue: JobQueue, work: Primitive<string, unknown>) {
  const undone: string[] = [];
  const note = (what: string) =>
    task(what, () => {
      undone.push(what);
    });
  const pay = distribute('work', work, { queue });
  const steps = saga([
    { name: 'pay', do: pay, compensate: note('known'), whenUnknown: note('unknown') },
    { name: 'b', do: fails },
  ]);
  return { undone, run: (context = {}) => steps.execute('x', { context }).catch((error: unknown) => error) };
}

const givenUp = (second: Primitive<string, unknown>) => {
  const hang = timeout(
    task('hang', (_: string, { signal }) => until(signal)),
    { timeoutMs: 10 },
  );
  const each = task(
    'each',
    (x: string, context): Promise<unknown> =>
      context.attempt === 1 ? hang.execute(x, { context }) : second.execute(x, { context }),
  );
  return retry(each, { maxRetries: 1, initialDelayMs: 0 });
};

describe('a saga with a step on a worker', () => {
  it.each<[string, Primitive<string, unknown>, string[]]>([
    [
      'a try was given up and a later one failed',
      givenUp(task('no', () => Promise.reject(doNotRetry(new Error('no'))))),
      ['unknown'],
    ],
    ['a try was given up and a later one succeeded', givenUp(ok), ['known', 'unknown']],
    ['the output cannot cross', task('date', () => new Date(0)), ['unknown']],
    ['the work failed by itself', fails, []],
    ['the work succeeded', ok, ['known']],
  ])('undoes what it would undo in one process, where %s', async (_, work, expected) => {
    const queue = memoryQueue('texts');
    await startWorker({ queue, primitives: { work } });
    const { undone, run } = sagaAround(queue, work);
    await run();
    expect(undone).toEqual(expected);
  });

  it.each<[string, object, Primitive<string, unknown>, string[]]>([
    ['has died in the middle of it', { delivery: 2 }, fails, ['unknown']],
    ['has died in the middle of it, and another did it', { delivery: 2 }, ok, ['known', 'unknown']],
  ])('has an unknown effect where a worker %s', async (_, more, work, expected) => {
    const inner = memoryQueue('texts');
    const queue: JobQueue = {
      ...inner,
      work: (handler, options) =>
        inner.work((job, run) => handler(job, Object.assign(Object.create(run), more)), options),
    };
    await startWorker({ queue, primitives: { work } });
    const { undone, run } = sagaAround(queue, work);
    await run();
    expect(undone).toEqual(expected);
  });

  it('has an unknown effect where a worker that stops has handed the job back', async () => {
    const clock = createVirtualClock();
    const queue = memoryQueue('texts', { clock });
    const hang = task('hang', (_: string, { signal }) => until(signal));
    const worker = await startWorker({ queue, primitives: { work: hang }, clock });
    const { undone, run } = sagaAround(queue, hang);
    const running = run({ clock });
    await clock.advance(1);
    const stopped = worker.stop(1_000);
    await clock.advance(1_000);
    await stopped;
    await startWorker({ queue, primitives: { work: fails }, clock });
    await clock.advance(1_000);
    expect(await running).toMatchObject({ message: 'by itself' });
    expect(undone).toEqual(['unknown']);
  });

  it.each([{ lost: true as const }, { dead: 'it ended three workers' }, { body: new Uint8Array([1]) }])(
    'has an unknown effect where there is no answer: %j',
    async (answer) => {
      const inner = memoryQueue('texts');
      const queue: JobQueue = {
        ...inner,
        open: (options) => {
          const send = inner.send;
          queue.send = async (job, signal) => {
            await send(job, signal);
            queueMicrotask(() => options.on({ id: job.id, ...answer }));
          };
          return inner.open(options);
        },
      };
      const { undone, run } = sagaAround(queue, ok);
      await run();
      expect(undone).toEqual(['unknown']);
    },
  );

  it('has no effect to undo where the queue did not take the job', async () => {
    const queue: JobQueue = { ...memoryQueue('texts'), send: () => Promise.reject(new QueueFullError('texts', 1)) };
    const { undone, run } = sagaAround(queue, ok);
    await run();
    await settled();
    expect(undone).toEqual([]);
  });
});
