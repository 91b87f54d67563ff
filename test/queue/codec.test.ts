import { runInNewContext } from 'node:vm';
import * as devalue from 'devalue';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Codec, decodeValue, encodeValue } from '../../src/queue/codec.ts';
import { devalueCodec, jsonCodec, PayloadTooLargeError } from '../../src/queue/index.ts';

const INPUT = { what: 'input', maxBytes: 1_000_000 } as const;
const OUTPUT = { what: 'output', maxBytes: 1_000_000 } as const;
const json = (value: unknown) => jsonCodec.encode(value, INPUT);
const withDevalue = devalueCodec(devalue);
function decoded(codec: Codec, text: string | undefined): unknown {
  const decoding = decodeValue(codec, text);
  if (decoding.is !== 'ok') throw new Error(decoding.why);
  return decoding.value;
}

const roundTrip = (codec: Codec, value: unknown) => decoded(codec, encodeValue(codec, value, INPUT));

function listed(): unknown {
  // biome-ignore lint/complexity/noArguments: such an object looks like a plain one
  return arguments;
}

/** Arrays in each other, so many. */
function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i += 1) value = [value];
  return value;
}

describe('the JSON codec', () => {
  it.each([
    ['plain data', { a: [1, 'x', true, null, { b: -1.5e300 }], 'other key': {}, constructor: 1, toString: 'text' }],
    ['half of a surrogate pair', { text: 'a\ud800b', '\udfff': 1 }],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 })],
    ['plain data of another realm', runInNewContext('({ a: [{ b: [] }] })')],
    ['100 levels', nested(100)],
    ['an object that is frozen', Object.freeze({ a: Object.freeze([1]) })],
    ['a text that looks like a head', '{"v":1}\n{"v":2}\u2028\0'],
    ['undefined alone', undefined],
    ['null', null],
  ])('brings %s', (_what, value) => {
    expect(roundTrip(jsonCodec, value)).toEqual(value);
  });

  class Account {
    readonly id = 1;
  }
  class Numbers extends Array<number> {}
  const circle: { self?: unknown } = {};
  circle.self = circle;
  const sparse = [1, 2];
  sparse[5] = 3;

  it.each<[string, unknown, string]>([
    ['a Date', { users: [{}, { born: new Date(0) }] }, 'input.users[1].born is a Date, which JSON changes to a text'],
    ['undefined in an object', { a: undefined }, 'input.a is undefined, which JSON leaves out'],
    ['undefined in an array', [undefined], 'input[0] is undefined'],
    ['a hole', sparse, 'input[2] is undefined'],
    ['NaN', [Number.NaN], 'input[0] is NaN, which JSON changes to null'],
    ['Infinity', Number.NEGATIVE_INFINITY, 'input is -Infinity'],
    ['-0', { a: -0 }, 'input.a is -0, which JSON changes to 0'],
    ['a bigint', 1n, 'input is a bigint, which JSON cannot write'],
    ['a symbol', [Symbol('s')], 'input[0] is a symbol'],
    ['a function', { f() {} }, 'input.f is a function'],
    ['a Map', new Map([[1, 2]]), 'input is a Map, which JSON changes to an empty object'],
    ['a Set', new Set(), 'input is a Set'],
    ['bytes', { a: Buffer.from('x') }, 'input.a is a Buffer, which JSON changes to an object'],
    ['a typed array', new Float32Array(2), 'input is a Float32Array'],
    ['an ArrayBuffer', new ArrayBuffer(2), 'input is an ArrayBuffer, a class that JSON does not keep'],
    ['an error', new TypeError('secret'), 'input is a TypeError, of which JSON keeps neither'],
    ['an instance', new Account(), 'input is an Account, a class that JSON does not keep'],
    ['a class of arrays', new Numbers(), 'input is a Numbers, a class'],
    ['a boxed text', Object('x'), 'input is a String, a class'],
    ['a regular expression', /x/, 'input is a RegExp, a class'],
    ['a URL', new URL('https://example.org'), 'input is a URL, a class'],
    ['a promise', { a: Promise.resolve(1) }, 'input.a is a Promise; await it first'],
    ['a signal', { a: new AbortController().signal }, 'input.a is an AbortSignal, which cannot cross'],
    ['a web stream', new ReadableStream(), 'input is a ReadableStream, a stream'],
    [
      'a generator of chunks',
      (async function* () {})(),
      'a stream, which can be read only once; read it to its end first',
    ],
    ['an object with toJSON', { toJSON: () => 1 }, 'input has a method toJSON'],
    ['a getter', { get a() { throw new Error('no'); } }, 'input.a is a getter'], // biome-ignore format: one line
    ['a hidden property', Object.defineProperty({}, 'a', { value: 1 }), 'input has a property that is not enumerable'],
    ['a symbol as a key', { [Symbol('s')]: 1 }, 'input has a symbol as a key'],
    ['properties of an array', 'ab'.match(/a/), 'input is an array with further properties'],
    [
      'a hidden property of an array',
      ((parts: TemplateStringsArray) => parts)`a`,
      'input is an array with further properties',
    ],
    ['the key __proto__', JSON.parse('{"a":{"__proto__":1}}'), 'input.a has the key __proto__'],
    ['an inherited property', Object.create({ a: 1 }), 'input is an Object, a class'],
    ['an object that lists its arguments', listed(), 'input has a symbol as a key'],
    ['a circle', circle, 'or contains itself'],
    ['101 levels', nested(101), 'is nested deeper than 100 levels'],
    ['100,000 levels', nested(100_000), 'is nested deeper than 100 levels'],
  ])('refuses %s', (_what, value, message) => {
    expect(() => json(value)).toThrow(TypeError);
    expect(() => json(value)).toThrow(message);
  });

  it.skipIf(!('rawJSON' in JSON))('refuses a raw text, which arrives as another value', () => {
    const raw = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON('12345678901234567891');
    expect(() => json({ id: raw })).toThrow('input.id is of JSON.rawJSON, which arrives as another value');
    expect(() => json({ rawJSON: '1' })).not.toThrow();
  });

  it('shows keys that are identifiers, and of all others their place', () => {
    expect(() => json({ ok: { 'jane@example.org': { a: 1n } } })).toThrow(/^input\.ok\[key 1\]\.a is a bigint/);
    expect(() => json({ sk_live_4242424242424242424242424242: 1n })).not.toThrow(/4242/);
  });

  it('says what to do, and of an output that the work was done', () => {
    expect(() => jsonCodec.encode(new Date(0), OUTPUT)).toThrow(
      'output is a Date, which JSON changes to a text; give plain data, or use a codec that keeps it, such as devalueCodec; the work was done',
    );
  });

  it('refuses what is too large without writing it', () => {
    let doubled: unknown = ['x'];
    for (let i = 0; i < 60; i += 1) doubled = [doubled, doubled];
    expect(() => json(doubled)).toThrow(PayloadTooLargeError);
    expect(() => json('x'.repeat(1_000_001))).toThrow('the input is larger than 1000000 bytes');
  });

  it('brings whatever it accepts, and refuses only what JSON changes', () => {
    const anything = fc.anything({
      withNullPrototype: true,
      withDate: true,
      withMap: true,
      withBigInt: true,
      withSparseArray: true,
    });
    fc.assert(
      fc.property(anything, (value) => {
        let text: string | undefined;
        try {
          text = encodeValue(jsonCodec, value, INPUT);
        } catch {
          // A repetition has the same fault, and so has what JSON makes of it.
          expect(sameAfterJson(value)).toBe(false);
          return;
        }
        expect(same(decoded(jsonCodec, text), value)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['no JSON', '{"secret":'],
    ['200,000 levels', `${'['.repeat(200_000)}${']'.repeat(200_000)}`],
    ['101 levels of objects', `${'{"a":'.repeat(101)}1${'}'.repeat(101)}`],
    ['the key __proto__', '[{"__proto__":{"polluted":true}}]'],
    ['the key __proto__, escaped', '{"\\u005f_proto__":1}'],
    ['nothing', ''],
  ])('does not decode %s', (_what, text) => {
    expect(() => jsonCodec.decode(text)).toThrow(TypeError);
    expect(() => jsonCodec.decode(text)).not.toThrow(/secret/);
  });
});

describe('the codec of devalue', () => {
  const circle: { self?: unknown; at: Date } = { at: new Date(5) };
  circle.self = circle;
  const shared = { a: 1 };
  const holed = [1, 2, 3];
  delete holed[1];

  it.each([
    ['dates, maps and sets', { at: new Date(5), map: new Map([['a', new Set([1n])]]) }],
    ['what JSON changes', [undefined, Number.NaN, -0, Number.POSITIVE_INFINITY]],
    ['bytes', new Uint8Array([1, 2, 3])],
    ['a circle', circle],
    ['100 levels', nested(100)],
    ['a hole', holed],
  ])('brings %s', (_what, value) => {
    expect(roundTrip(withDevalue, value)).toStrictEqual(value);
  });

  it('keeps two references to one object', () => {
    const [first, second] = roundTrip(withDevalue, [shared, shared]) as unknown[];
    expect(first).toBe(second);
  });

  it.each([
    ['an instance', { a: [new (class Account {})()] }, 'input.a[0] cannot cross: '],
    ['an error', new Error('secret'), 'input cannot cross: '],
    ['a function behind a key that is data', new Map([['jane@example.org', () => 1]]), 'input cannot cross: '],
    ['a signal', new AbortController().signal, 'input cannot cross: '],
    ['101 levels', nested(101), 'input cannot cross: it is nested deeper than 100 levels'],
    ['100,000 levels', nested(100_000), 'input cannot cross: '],
    ['an array of holes', new Array(1_000), 'of which almost nothing is set'],
  ])('refuses %s', (_what, value, message) => {
    const encode = () => withDevalue.encode(value, INPUT);
    expect(encode).toThrow(TypeError);
    expect(encode).toThrow(message);
    expect(encode).not.toThrow(/secret|jane/);
  });

  it('brings whatever it accepts', () => {
    const anything = fc.anything({
      withNullPrototype: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withBigInt: true,
      withTypedArray: true,
    });
    fc.assert(
      fc.property(anything, (value) => {
        let text: string | undefined;
        try {
          text = encodeValue(withDevalue, value, INPUT);
        } catch {
          return;
        }
        expect(decoded(withDevalue, text)).toStrictEqual(value);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['an array with a length of billions', '[[-7,4294967295]]'],
    ['many long arrays', `[[${Array.from({ length: 1_000 }, (_, i) => i + 1)}]${',[-7,9000]'.repeat(1_000)}]`],
    ['100,000 levels', `[${Array.from({ length: 100_000 }, (_, i) => `[${i + 1}]`)},1]`],
    ['a wrong reference', '[[7]]'],
    ['the key __proto__', '[{"__proto__":1},1]'],
    ['an unknown type', '[["Process",1],1]'],
    ['no list', '{}'],
    ['no JSON', 'secret'],
    ['nothing', ''],
  ])('does not decode %s', (_what, text) => {
    expect(() => withDevalue.decode(text)).toThrow(TypeError);
    expect(() => withDevalue.decode(text)).not.toThrow(/secret/);
  });

  it('is made of the package, or of functions like its own', () => {
    // @ts-expect-error it lacks both
    expect(() => devalueCodec({})).toThrow('devalueCodec: stringify must be a function');
    // @ts-expect-error it is no object
    expect(() => devalueCodec()).toThrow(TypeError);
  });
});

describe('a codec of a user', () => {
  it.each([undefined, 5, new Uint8Array(3), Promise.resolve('secret'), 'secret \ud800'])(
    'must give a text: %s',
    (given) => {
      const codec = { name: 'mine', encode: () => given as string, decode: () => 1 };
      expect(() => encodeValue(codec, 'x', INPUT)).toThrow('the codec mine must give a text that UTF-8 can write');
      expect(() => encodeValue(codec, 'x', INPUT)).not.toThrow(/secret/);
    },
  );
});

/** Deep equality that tells -0 from 0 and a hole from `undefined`, but not a prototype of `null`. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return Object.is(a, b);
  if (Array.isArray(a) !== Array.isArray(b) || !isData(b)) return false;
  const keys = Reflect.ownKeys(a);
  const at = (object: object, key: PropertyKey) => (object as Record<PropertyKey, unknown>)[key];
  return (
    keys.length === Reflect.ownKeys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && same(at(a, key), at(b, key)))
  );
}

function isData(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === null || prototype === Object.prototype;
}

function sameAfterJson(value: unknown): boolean {
  try {
    const text = JSON.stringify(value);
    return !text.includes('"__proto__":') && same(JSON.parse(text), value);
  } catch {
    return false;
  }
}
