import { expect, it } from 'vitest';
import { measure, show } from '../../src/core/show.ts';

const hostile = new Proxy(
  {},
  {
    ownKeys: () => {
      throw new Error('no');
    },
  },
);

it.each<[unknown, string]>([
  ['a text', '"a text"'],
  ['x'.repeat(100), `"${'x'.repeat(40)}…"`],
  [5, '5'],
  [Number.NaN, 'NaN'],
  [null, 'null'],
  [undefined, 'undefined'],
  [[1, 2], 'an array of 2'],
  [{ a: 1, b: 2 }, 'an object with a, b'],
  [{}, 'an object with no keys'],
  [
    Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`k${i}`, i])),
    'an object with k0, k1, k2, k3, k4, k5, k6, k7 and 2 more',
  ],
  [function named() {}, 'function named'],
  [Object.defineProperty(() => {}, 'name', { value: Symbol('x') }), 'a function'],
  [5n, '5n'],
  [Promise.resolve(1), 'a Promise; await it'],
  [new Map(), 'a Map'],
  [new (class Ünique {})(), 'a Ünique'],
  [new (class {})(), 'an object with no keys'],
  [Object.create({}), 'an Object'],
])('shows %o in a few words', (value, expected) => {
  expect(show(value)).toBe(expected);
});

it.each([
  ['a private text', 'a text of 14 characters'],
  [['private'], 'an array of 1'],
  [{ private: 1 }, 'an object with 1 keys'],
  [5, 'a number'],
  [true, 'true'],
  [null, 'null'],
  [undefined, 'undefined'],
])('measures %o without its content', (value, expected) => {
  expect(measure(value)).toBe(expected);
});

it('says so of an object that throws when it is read', () => {
  expect([show(hostile), measure(hostile)]).toEqual(Array(2).fill('an object that cannot be looked into'));
});
