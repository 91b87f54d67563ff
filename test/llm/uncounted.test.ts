import { expect, it } from 'vitest';
import { uncounted } from '../../src/index.ts';

it('says at once that its work is no function', () => {
  expect(() => uncounted(Promise.resolve() as never)).toThrow('uncounted: work must be a function, got a Promise');
});
