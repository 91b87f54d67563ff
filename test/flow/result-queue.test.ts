import { describe, expect, it } from 'vitest';
import { ResultQueue } from '../../src/flow/result-queue.ts';

describe('results that wait to be read', () => {
  it('come out in the order in which their places were reserved', () => {
    const queue = new ResultQueue(false);
    const [first, second] = [queue.reserve(), queue.reserve()];
    queue.fill(second, 'b');
    expect(queue.ready).toBe(0);
    expect(queue.shift()).toBeUndefined();
    queue.fill(first, undefined);
    expect(queue.ready).toBe(2);
    expect([queue.shift(), queue.shift(), queue.shift()]).toEqual([{ value: undefined }, { value: 'b' }, undefined]);
  });

  it('come out in the order in which they came, where they are unordered', () => {
    const queue = new ResultQueue(true);
    const [first, second] = [queue.reserve(), queue.reserve()];
    queue.fill(second, 'b');
    expect(queue.ready).toBe(1);
    queue.fill(first, 'a');
    expect([queue.shift(), queue.shift(), queue.shift()]).toEqual([{ value: 'b' }, { value: 'a' }, undefined]);
  });

  it('can be dropped but for the oldest', () => {
    const queue = new ResultQueue(false);
    for (const value of ['a', 'b', 'c']) queue.fill(queue.reserve(), value);
    queue.reserve();
    queue.keep(2);
    expect(queue.ready).toBe(2);
    queue.keep(5);
    expect([queue.shift(), queue.shift(), queue.shift()]).toEqual([{ value: 'a' }, { value: 'b' }, undefined]);
  });
});
