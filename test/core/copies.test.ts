import { beforeAll, describe, expect, it, vi } from 'vitest';
import { otherCopy } from '../../src/core/copies.ts';
import * as first from '../../src/index.ts';

describe('a second copy of the package in one process', () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  let second: typeof first;
  beforeAll(async () => {
    vi.resetModules();
    second = await import('../../src/index.ts');
  });

  it('is told of once, with where both lie and how to mend it', () => {
    expect(warn.mock.calls).toEqual([
      [
        expect.stringMatching(
          /^two copies of tta-primitives are loaded, from file:.+copies\.ts and file:.+copies\.ts: .+; npm dedupe leaves one$/,
        ),
        'TtaPrimitivesWarning',
      ],
    ]);
  });

  it('refuses the primitives of the first, and says why', () => {
    const step = first.task('step', () => 1);
    expect(() => second.sequential(step)).toThrow(
      'sequential: step 1 must be a primitive, got an object with type, name, messageName, definition, made by another copy',
    );
  });

  it('refuses the contexts of the first, and says why', async () => {
    const context = await first.task('step', (_: undefined, own) => own).execute(undefined);
    await expect(second.task('t', () => 1).execute(undefined, { context })).rejects.toThrow(
      'ExecuteOptions: context is a WorkflowContext, made by another copy of tta-primitives',
    );
    expect(() => second.inject(context, {})).toThrow('made by another copy of tta-primitives');
  });

  it('is not suspected behind what only has a word of ours', () => {
    expect(() => second.sequential({ pipe: 'dream' } as never)).toThrow(/got an object with pipe$/);
  });
});

describe('the word about another copy', () => {
  it.each([
    ['a method', { pipe: () => {} }],
    ['a method that it inherits', Object.create({ pipe: () => {} })],
  ])('is added where the value has %s of that name', (_, value) => {
    expect(otherCopy(value, 'pipe')).toBe(
      ', made by another copy of tta-primitives: npm ls tta-primitives shows them, npm dedupe leaves one',
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
  ])('is left out for %s', (_, make) => {
    expect(otherCopy(make(), 'pipe')).toBe('');
  });
});
