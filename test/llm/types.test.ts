/** Types of calls to a model. The assertions hold or fail in `tsc --noEmit -p test/tsconfig.json`. */
import { describe, expectTypeOf, it } from 'vitest';
import { llmStream, type Model, type ModelRequest, type Primitive } from '../../src/index.ts';

describe('llmStream', () => {
  it('takes a text or a request and gives a stream of texts', () => {
    expectTypeOf(llmStream).returns.toEqualTypeOf<Primitive<string | ModelRequest, AsyncIterableIterator<string>>>();
    expectTypeOf(llmStream).parameter(0).toEqualTypeOf<Model>();
  });
});
