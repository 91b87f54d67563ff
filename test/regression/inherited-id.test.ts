/** A nested run with tags of its own had another workflow id, unless the outer one had been asked for its id before. */
import { expect, it } from 'vitest';
import { task } from '../../src/index.ts';

it('inherits the random workflow id, also where that was not asked for yet', async () => {
  const inner = task('inner', (_: void, { workflowId, correlationId }) => [workflowId, correlationId]);
  const outer = task('outer', async (_: void, context) => [
    await inner.execute(undefined, { context: { tags: { part: 1 } } }),
    await inner.execute(),
    [context.workflowId, context.correlationId],
  ]);
  const [first, second, own] = await outer.execute();
  expect([first, second]).toEqual([own, own]);
});
