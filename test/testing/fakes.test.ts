import { expect, it } from 'vitest';
import { createVirtualClock, scriptedModel, scriptedTask } from '../../src/testing/index.ts';

const ask = { messages: [{ role: 'user', content: 'hi' }] } as const;
const { signal } = new AbortController();

it('a scripted task follows its script, repeats the last step, and keeps its inputs', async () => {
  const error = new Error('busy');
  const flaky = scriptedTask('flaky', [{ error }, { result: 'ok' }]);
  await expect(flaky.execute('a')).rejects.toBe(error);
  expect([await flaky.execute('b'), await flaky.execute('c')]).toEqual(['ok', 'ok']);
  expect(flaky.calls).toEqual(['a', 'b', 'c']);
});

it('a scripted task waits on the clock of the context, and can be aborted meanwhile', async () => {
  const clock = createVirtualClock();
  const slow = scriptedTask('slow', [{ result: 1, delayMs: 1_000 }]);
  const running = slow.execute('x', { context: { clock } });
  await clock.advance(1_000);
  expect(await running).toBe(1);
  const controller = new AbortController();
  const aborted = slow.execute('y', { context: { clock }, signal: controller.signal });
  await clock.advance(1);
  controller.abort(new Error('enough'));
  await expect(aborted).rejects.toThrow('enough');
  expect(clock.pending).toBe(0);
});

it('a scripted task without a step is refused', () => {
  expect(() => scriptedTask('empty', [])).toThrow('scriptedTask: needs at least one step, got none');
});

it('a scripted model follows its script of replies and errors, and repeats the last one', async () => {
  const error = new Error('busy');
  const usage = { inputTokens: 1, outputTokens: 2 };
  const model = scriptedModel([{ error }, { text: 'hello', usage }], { id: 'm', provider: 'p' });
  expect(model).toMatchObject({ id: 'm', provider: 'p' });
  await expect(model.generate(ask, { signal })).rejects.toBe(error);
  for (let i = 0; i < 2; i += 1) {
    expect(await model.generate(ask, { signal })).toMatchObject({ text: 'hello', usage });
  }
});
