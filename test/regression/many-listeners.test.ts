import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { parallel, sequential, stream, task } from '../../src/index.ts';

it('hears a signal once, however many executions run under it, and not at all once they have ended', async () => {
  const warnings: Error[] = [];
  const remember = (warning: Error) => void warnings.push(warning);
  process.on('warning', remember);
  const controller = new AbortController();
  const { signal } = controller;
  const slow = sequential(task('slow', (n: number) => new Promise<number>((done) => setImmediate(done, n))));
  const running = Array.from({ length: 100 }, (_, i) => slow.execute(i, { signal }));
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  await Promise.all(running);
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);

  const numbers = stream('numbers', async function* () {
    yield 1;
    yield 2;
  });
  const chunks = await numbers.execute(undefined, { signal });
  await slow.execute(1, { signal });
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  const listening = parallel(
    Array.from({ length: 20 }, () => task('listen', (_: void, context) => context.clock.sleep(1, context.signal))),
  );
  await listening.execute(undefined, { signal });

  const reason = new Error('stop');
  controller.abort(reason);
  await expect(chunks.next()).rejects.toBe(reason);
  await expect(slow.execute(1, { signal })).rejects.toBe(reason);
  await new Promise((done) => setImmediate(done));
  process.off('warning', remember);
  expect(warnings).toEqual([]);
});

it.each([
  ['without a signal', undefined],
  ['with a signal', new AbortController().signal],
])('warns of no leak where a task begins many waits that can be aborted, %s', async (_, signal) => {
  const warnings: Error[] = [];
  const remember = (warning: Error) => void warnings.push(warning);
  process.on('warning', remember);
  const many = task('many', (_: void, context) =>
    Promise.all(Array.from({ length: 50 }, () => context.clock.sleep(1, context.signal))),
  );
  await many.execute(undefined, { signal });
  await new Promise((done) => setImmediate(done));
  process.off('warning', remember);
  expect(warnings).toEqual([]);
});
