import type { Attributes } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { copyOf, labelKey, labelText, metricName, RESERVED } from '../../src/prometheus/names.ts';

const hostile = (value: unknown) => ({ a: value, z: 1 }) as unknown as Attributes;
const cyclic: unknown[] = [];
cyclic.push(cyclic);

describe('labels', () => {
  it.each([
    [{ job: 'x' }, 'exported_job="x"'],
    [{ instance: 'x' }, 'exported_instance="x"'],
    [{ le: 'x' }, 'exported_le="x"'],
    [{ quantile: 'x' }, 'exported_quantile="x"'],
    [{ __name__: 'x' }, 'exported___name__="x"'],
    [{ 'otel.scope.name': 'x' }, 'exported_otel_scope_name="x"'],
    [{ job: 'x', exported_job: 'y' }, 'exported_job="y;x"'],
    [{ 'http.method': 'GET', http_method: 'POST' }, 'http_method="GET;POST"'],
    [{ 'a-b': 1, 'a.b': 2, a0: 3 }, 'a_b="1;2",a0="3"'],
    [{ '1st': 'x' }, '_1st="x"'],
    [{ '': 'x' }, '_="x"'],
    [{ é: 'x', ü: 'y' }, '_="x;y"'],
    [{ __x: 1, a__b: 2 }, '_x="1",a_b="2"'],
    [{ job_name: 'x', JOB: 'y' }, 'job_name="x",JOB="y"'],
    [{ a: undefined, b: '', c: 0, d: false }, 'c="0",d="false"'],
    [{ a: ['x', 'y'], b: [1, null] }, 'a="[\\"x\\",\\"y\\"]",b="[1,null]"'],
    [{ a: 'a\\b"c\nd\re' }, 'a="a\\\\b\\"c\\nd\re"'],
    [{ a: '\ud800x', b: 'p\0q' }, 'a="\ufffdx",b="p\ufffdq"'],
    [{ ['k'.repeat(300)]: 1 }, `${'k'.repeat(255)}="1"`],
  ] as [Attributes, string][])('of %j are %s', (attributes, text) => {
    expect(labelText(attributes)).toBe(text);
  });

  it.each([
    [null, undefined],
    [() => 1, undefined],
    [Symbol('s'), undefined],
    [cyclic, undefined],
    [{ toJSON: () => undefined }, undefined],
    [
      {
        toJSON() {
          throw new Error('no');
        },
      },
      undefined,
    ],
    [10n, '10'],
    [Number.NaN, 'NaN'],
    [{ x: 1 }, '{\\"x\\":1}'],
  ])('with the hostile value %s are the others, and its text if it has one', (value, text) => {
    expect(labelText(hostile(value))).toBe(text === undefined ? 'z="1"' : `a="${text}",z="1"`);
    expect(labelText(copyOf(hostile(value)))).toBe(labelText(hostile(value)));
  });

  it('are written in the order of the attributes, and are the same labels in any order', () => {
    const [one, other]: Attributes[] = [
      { z: 1, 'b.b': 2, a: 3, b_b: 4 },
      { b_b: 4, a: 3, 'b.b': 2, z: 1 },
    ];
    expect(labelText(one as Attributes)).toBe('z="1",b_b="2;4",a="3"');
    expect(labelText(other as Attributes)).toBe('b_b="2;4",a="3",z="1"');
    const key = 'a="3",b_b="2;4",z="1"';
    expect([labelKey(one as Attributes, RESERVED), labelKey(other as Attributes, RESERVED)]).toEqual([key, key]);
  });

  it('with a getter that throws are the others', () => {
    const attributes = Object.defineProperty({ z: 1 }, 'a', {
      enumerable: true,
      get() {
        throw new Error('no');
      },
    });
    expect(labelText(attributes)).toBe('z="1"');
  });

  it('have values of at most 1,024 characters, cut at a whole character', () => {
    const text = labelText({ a: '😀'.repeat(1_000_000) });
    expect(text).toBe(`a="${'😀'.repeat(511)}…"`);
    expect(labelText({ a: 'x'.repeat(1_024) })).toBe(`a="${'x'.repeat(1_024)}"`);
    expect(labelText({ 'a.b': 'x'.repeat(1_000), a_b: 'y'.repeat(1_000) })).toHaveLength(1_024 + 'a_b=""'.length);
  });

  it('are at most 64', () => {
    const attributes = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, i]));
    expect(labelText(attributes).split(',')).toHaveLength(64);
    expect(labelText(copyOf(attributes))).toBe(labelText(attributes));
  });
});

describe('the name of a metric', () => {
  it.each([
    ['http.server.duration', 'http_server_duration'],
    ['a__b:c/d', 'a_b_c_d'],
    ['1st', '_1st'],
    ['', undefined],
    ['é', undefined],
    [undefined, undefined],
    ['__name__', '_name_'],
    ['m'.repeat(1_000_000), 'm'.repeat(255)],
  ])('%s is %s', (name, expected) => {
    expect(metricName(name)).toBe(expected);
  });

  it('begins with the prefix, which can have any characters too', () => {
    expect(metricName('1st', 'shop.eu_')).toBe('shop_eu_1st');
    expect(metricName('x', '1_')).toBe('_1_x');
  });
});
