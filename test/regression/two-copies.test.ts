/** A primitive of another copy of the package was refused as "an object with type, name, definition", its context too. */
import { expect, it, vi } from 'vitest';
import * as first from '../../src/index.ts';

it('says so, where a second copy of the package is loaded and its things meet those of the first', async () => {
  const warnings: string[] = [];
  const remember = (warning: Error) => void warnings.push(`${warning.name}: ${warning.message}`);
  process.on('warning', remember);
  vi.resetModules();
  const second: typeof first = await import('../../src/index.ts');
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', remember);
  expect(warnings).toEqual([expect.stringMatching(/^TtaPrimitivesWarning: two copies .+ npm dedupe leaves one$/)]);

  const step = first.task('step', (_: undefined, context) => context);
  expect(() => second.sequential(step)).toThrow(
    'sequential: step 1 must be a primitive, got an object with type, name, definition, made by another copy',
  );
  const context = await step.execute(undefined);
  await expect(second.task('t', () => 1).execute(undefined, { context })).rejects.toThrow(
    'ExecuteOptions: context is a WorkflowContext, made by another copy of tta-primitives',
  );
  expect(() => second.inject(context, {})).toThrow('made by another copy of tta-primitives');
  expect(() => second.sequential({ pipe: 'dream' } as never)).toThrow(/got an object with pipe$/);
});
