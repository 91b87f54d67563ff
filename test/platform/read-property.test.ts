import { describe, expect, it } from 'vitest';
import { readProperty } from '../../src/platform/read-property.ts';

const trap = () => {
  throw new Error('trap');
};
const KEY = Symbol('key');

describe('reading a property', () => {
  it.each<[string, () => unknown, PropertyKey, unknown]>([
    ['of its own', () => ({ status: 503 }), 'status', 503],
    ['that it inherits', () => Object.create({ status: 503 }), 'status', 503],
    ['that a getter gives', () => Object.defineProperty({}, 'x', { get: () => 7 }), 'x', 7],
    ['under a symbol', () => ({ [KEY]: 'found' }), KEY, 'found'],
    ['at an index', () => ['a', 'b'], 1, 'b'],
    ['of an object without a prototype', () => Object.assign(Object.create(null), { a: 1 }), 'a', 1],
    ['that is false, not missing', () => ({ flag: false }), 'flag', false],
    ['that is null', () => ({ cause: null }), 'cause', null],
  ])('gives one %s', (_, make, key, expected) => {
    expect(readProperty(make(), key)).toBe(expected);
  });

  it('returns the same value, and reads it once', () => {
    const value = {};
    let asked = 0;
    const object = Object.defineProperty({}, 'x', {
      get: () => {
        asked += 1;
        return value;
      },
    });
    expect(readProperty(object, 'x')).toBe(value);
    expect(asked).toBe(1);
  });

  it.each<[string, () => unknown]>([
    ['there is no such property', () => ({})],
    ['there is undefined', () => undefined],
    ['there is null', () => null],
    ['there is a text, though texts have a length', () => 'length'],
    ['there is a number', () => 7],
    ['there is a symbol', () => KEY],
    ['there is a function, though functions have a length', () => trap],
    ['a getter throws', () => Object.defineProperty({}, 'length', { get: trap })],
    ['a proxy throws', () => new Proxy({}, { get: trap })],
    [
      'a proxy was revoked',
      () => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        return proxy;
      },
    ],
  ])('gives `undefined` where %s', (_, make) => {
    expect(readProperty(make(), 'length')).toBeUndefined();
  });
});
