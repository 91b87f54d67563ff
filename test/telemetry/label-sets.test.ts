import type { Attributes } from '@opentelemetry/api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedAttributes, LabelSets, labelValue } from '../../src/telemetry/label-sets.ts';
import { MAX_SERIES } from '../../src/telemetry/semconv.ts';

interface Made {
  readonly attributes: Attributes;
  readonly overflow: boolean;
}

/** Sets that keep what they were made with. */
const sets = (keys: readonly string[], fixed: Attributes = {}) =>
  new LabelSets<Made>(keys, fixed, (attributes, overflow) => ({ attributes, overflow }));

describe('a label value', () => {
  it.each(['', 'ask', '__other__', 'new\nlines', 'emoji 🦊', 'x'.repeat(256)])('stays as it is: %j', (value) => {
    expect(labelValue(value)).toBe(value);
  });

  it('is cut to 256 characters, the last of which says so', () => {
    expect(labelValue('x'.repeat(257))).toBe(`${'x'.repeat(255)}…`);
    expect(labelValue('x'.repeat(1_000_000))).toHaveLength(256);
  });

  it('has no half of a character, be it given or made by the cut', () => {
    expect(labelValue('half \ud83e of a fox')).toBe('half \ufffd of a fox');
    expect(labelValue(`${'x'.repeat(254)}🦊🦊`)).toBe(`${'x'.repeat(254)}\ufffd…`);
  });

  it('is valid Unicode of at most 256 characters, and its own label value, for any text', () => {
    const unit = fc
      .oneof(fc.constantFrom(0x61, 0xd83e, 0xdd8a), fc.nat(0xffff))
      .map((code) => String.fromCharCode(code));
    const text = fc.tuple(fc.nat(260), fc.array(unit, { maxLength: 20 }));
    fc.assert(
      fc.property(text, ([length, units]) => {
        const value = labelValue('x'.repeat(length) + units.join(''));
        expect(value.isWellFormed()).toBe(true);
        expect(value.length).toBeLessThanOrEqual(256);
        expect(labelValue(value)).toBe(value);
      }),
    );
  });
});

describe('bounded attributes', () => {
  it('have their texts cut and all else as it is', () => {
    const attributes = { name: 'x'.repeat(300), count: 7, flag: true, list: ['a', 'b'], none: undefined };
    expect(boundedAttributes(attributes)).toEqual({ ...attributes, name: labelValue(attributes.name) });
  });

  it('are a frozen copy', () => {
    const attributes = { name: 'ask' };
    const bounded = boundedAttributes(attributes);
    expect(Object.isFrozen(bounded)).toBe(true);
    expect(Object.isFrozen(attributes)).toBe(false);
  });
});

describe('the label sets of an instrument', () => {
  it('are made once for each combination of values', () => {
    const labels = sets(['type', 'name']);
    const made = labels.get(['task', 'ask']);
    expect(made).toEqual({ attributes: { type: 'task', name: 'ask' }, overflow: false });
    expect(labels.get(['task', 'ask'])).toBe(made);
    expect(labels.get(['task', 'tell'])).not.toBe(made);
    expect(labels.get(['ask', 'task'])).not.toBe(made);
  });

  it.each([
    [
      ['a,b', 'c'],
      ['a', 'b,c'],
    ],
    [
      ['a","b', 'c'],
      ['a', 'b","c'],
    ],
    [
      ['', 'a'],
      ['a', ''],
    ],
  ])('keep %j and %j apart', (one, other) => {
    const labels = sets(['type', 'name']);
    expect(labels.get(one)).not.toBe(labels.get(other));
  });

  it('may have no keys at all: then they are one', () => {
    const labels = sets([], { unit: 's' });
    expect(labels.get([])).toEqual({ attributes: { unit: 's' }, overflow: false });
    expect(labels.get([])).toBe(labels.get([]));
  });

  it('have the fixed attributes in each of them, also in the one that takes the rest', () => {
    const labels = sets(['name'], { type: 'task', flag: true });
    expect(labels.get(['ask']).attributes).toEqual({ name: 'ask', type: 'task', flag: true });
    expect(labels.get(['__other__']).attributes).toEqual({ name: '__other__', type: 'task', flag: true });
  });

  it('have frozen attributes', () => {
    const labels = sets(['name'], { type: 'task' });
    expect(Object.isFrozen(labels.get(['ask']).attributes)).toBe(true);
    expect(Object.isFrozen(labels.get(['__other__']).attributes)).toBe(true);
  });

  it('take values that are the same after the cut for the same', () => {
    const labels = sets(['name']);
    const long = 'x'.repeat(300);
    expect(labels.get([`${long}a`])).toBe(labels.get([`${long}b`]));
    expect(labels.get([long]).attributes).toEqual({ name: labelValue(long) });
    expect(labels.get(['\ud83e'])).toBe(labels.get(['\ufffd']));
  });

  it('are never more than the ceiling: one set takes the rest', () => {
    const labels = sets(['name']);
    const made = Array.from({ length: MAX_SERIES + 10 }, (_, i) => labels.get([`n${i}`]));
    expect([...labels]).toHaveLength(MAX_SERIES);
    expect(new Set(made).size).toBe(MAX_SERIES);
    expect(made[MAX_SERIES - 2]?.overflow).toBe(false);
    for (const rest of made.slice(MAX_SERIES - 1)) {
      expect(rest).toBe(made[MAX_SERIES - 1]);
      expect(rest).toEqual({ attributes: { name: '__other__' }, overflow: true });
    }
  });

  it('still know those that were there before the ceiling was reached', () => {
    const labels = sets(['type', 'name']);
    const first = labels.get(['task', 'first']);
    for (let i = 0; i < MAX_SERIES; i += 1) labels.get(['task', `n${i}`]);
    expect(labels.get(['task', 'first'])).toBe(first);
    expect(labels.get(['task', 'late']).attributes).toEqual({ type: '__other__', name: '__other__' });
  });

  it("make no second series of an author's own `__other__`", () => {
    const labels = sets(['name']);
    const own = labels.get(['__other__']);
    expect(own.overflow).toBe(true);
    for (let i = 0; i < MAX_SERIES; i += 1) labels.get([`n${i}`]);
    expect(labels.get(['late'])).toBe(own);
    expect([...labels].filter(({ attributes }) => attributes.name === '__other__')).toEqual([own]);
  });

  it('take `__other__` beside a real value for a value like any other', () => {
    expect(sets(['type', 'name']).get(['task', '__other__']).overflow).toBe(false);
  });

  it('are listed in the order in which they were made, the one for the rest last', () => {
    const labels = sets(['name']);
    const rest = labels.get(['__other__']);
    const made = ['b', 'a', 'c'].map((name) => labels.get([name]));
    expect([...labels]).toEqual([...made, rest]);
    expect([...sets(['name'])]).toEqual([]);
  });
});
