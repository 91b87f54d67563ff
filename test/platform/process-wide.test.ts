import { describe, expect, it, vi } from 'vitest';
import * as first from '../../src/platform/process-wide.ts';

vi.resetModules();
const second = await import('../../src/platform/process-wide.ts');

describe('what a process has once', () => {
  it('is made by the first copy that asks, and given to every other', () => {
    const made = first.processWide('thing', () => ({ from: 'first' }));
    expect(second.processWide('thing', () => ({ from: 'second' }))).toBe(made);
    expect(second.processWide('other thing', () => ({}))).not.toBe(made);
  });

  it('is out of the way of a program that lists what is global', () => {
    expect(Object.keys(globalThis).filter((name) => name.includes('tta'))).toEqual([]);
  });
});

describe('classes across copies', () => {
  const make = () => class Circuit {};
  const [one, two] = [make(), make()];
  first.acrossCopies({ Circuit: one });
  second.acrossCopies({ Circuit: two });

  it('have the instances of each other', () => {
    expect(new one()).toBeInstanceOf(two);
    expect(new two()).toBeInstanceOf(one);
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a text', 'text'],
    ['another object', {}],
    ['an object that throws when it is asked', new Proxy({}, { get: () => trap() })],
  ])('do not have %s', (_, value) => {
    expect(value instanceof one).toBe(false);
  });

  it('leave a subclass its own instances', () => {
    class Special extends one {}
    expect(new Special()).toBeInstanceOf(Special);
    expect(new Special()).toBeInstanceOf(two);
    expect(new one()).not.toBeInstanceOf(Special);
  });
});

function trap(): never {
  throw new Error('trap');
}
