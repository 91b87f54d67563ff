import type { Attributes } from '@opentelemetry/api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelKey, RESERVED } from '../../src/prometheus/names.ts';
import { QuickKey } from '../../src/prometheus/quick-key.ts';

describe('the quick key', () => {
  it('is that of all attributes, or there is none, whatever attributes came before', () => {
    const key = fc.oneof(fc.constantFrom('a', 'b', 'job', 'a.b', 'a_b', '__proto__', '1', 'é', ''), fc.string());
    const value = fc.oneof(
      fc.constantFrom('', 'x"', '\\', '\n', '\0', '\ud800', '😀', 'é', 'x'.repeat(1_025)),
      fc.anything(),
    );
    const attributes = fc.array(fc.tuple(key, value)).map((entries) => Object.fromEntries(entries) as Attributes);
    fc.assert(
      fc.property(fc.array(attributes), (all) => {
        const quickKey = new QuickKey(RESERVED);
        for (const each of all.flatMap((one) => [one, { ...one }])) {
          const quick = quickKey.of(each);
          if (quick !== undefined) expect(quick).toBe(labelKey(each, RESERVED));
        }
      }),
    );
  });

  it('is there for ordinary attributes in any order', () => {
    const quickKey = new QuickKey(RESERVED);
    expect(quickKey.of({ b: 'é', a: '1' })).toBe('a="1",b="é"');
    expect(quickKey.of({ b: '3', a: '2' })).toBe('a="2",b="3"');
    expect(quickKey.of({})).toBe('');
  });

  it('has no inherited attributes and survives those that throw', () => {
    const quickKey = new QuickKey(RESERVED);
    expect(quickKey.of({ a: '1' })).toBe('a="1"');
    expect(quickKey.of(Object.create({ a: '1' }))).toBe('');
    const throwing = {
      get a(): string {
        throw new Error('no');
      },
    };
    expect(quickKey.of(throwing)).toBe(undefined);
  });
});
