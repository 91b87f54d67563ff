import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPruner, type Wanted } from '../../src/wire/prune.ts';

const WANTED: Wanted = { usage: true, model: true, choices: { finish_reason: true, delta: { content: true } } };

/** What stays of `json`, given in chunks of `size` bytes. */
function prune(json: string | Uint8Array, size: number, wanted: Wanted = WANTED): unknown[] {
  const documents: unknown[] = [];
  const pruner = createPruner(wanted, { document: (value) => documents.push(value) });
  const bytes = Buffer.from(json as string);
  // Each chunk is overwritten when it has been read, as a pool does.
  for (let i = 0; i < bytes.length; i += size) {
    const chunk = Buffer.from(bytes.subarray(i, i + size));
    pruner.chunk(chunk);
    chunk.fill(0x20);
  }
  return documents;
}

/** The same by JSON.parse. */
function expected(value: unknown, wanted: Wanted | undefined): unknown {
  if (wanted === true || typeof value !== 'object' || value === null || wanted === undefined) return value;
  if (Array.isArray(value)) return value.map((entry) => expected(entry, wanted));
  const members = Object.entries(value).filter(([key]) => Object.hasOwn(wanted, key));
  return Object.fromEntries(members.map(([key, member]) => [key, expected(member, wanted[key])]));
}

const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

describe('a pruner', () => {
  it('keeps what is wanted, at any borders of chunks', () => {
    const json = JSON.stringify({
      id: 'x',
      choices: [
        {
          delta: { content: 'Grüße 😀', tool_calls: [{ arguments: '{"usage":{"prompt_tokens":1}}' }] },
          finish_reason: 'stop',
          usage: { prompt_tokens: 5 },
        },
        { usage: { prompt_tokens: 6 } },
      ],
      nested: { usage: { prompt_tokens: 7 }, list: [[{ model: 'false' }]] },
      model: 'a \\" model',
      usage: { prompt_tokens: 9, completion_tokens: 1.5e2 },
    });
    for (let size = 1; size <= json.length; size += 1) {
      expect(plain(prune(json, size))).toEqual([expected(JSON.parse(json), WANTED)]);
    }
  });

  it('finds what JSON.parse finds, in any document', () => {
    const keys = fc.constantFrom(
      'usage',
      'model',
      'choices',
      'delta',
      'content',
      'finish_reason',
      'a"b',
      '\\',
      '__proto__',
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.string({ unit: 'binary' }),
        fc.constantFrom('"usage":{"prompt_tokens":1}', '\\', '\\"', '{"', '}]', '\u2028'),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(keys, tie('tree'), { maxKeys: 5 }),
      ),
    }));
    const documents = fc.dictionary(keys, tree, { maxKeys: 6 });
    fc.assert(
      fc.property(
        documents,
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(undefined, 1, '\t'),
        (document, size, space) => {
          const json = JSON.stringify(document, null, space);
          expect(plain(prune(json, size))).toEqual([plain(expected(JSON.parse(json), WANTED))]);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('gives the documents that stand one behind the other, and those of a list', () => {
    expect(plain(prune('{"model":"a"}\n{"model":"b"}\r\n\r\n{"model":1e999}', 3))).toEqual(
      plain([{ model: 'a' }, { model: 'b' }, { model: null }]),
    );
    expect(plain(prune('\uFEFF[{"model":"a"}\n,\n{"model":"b"}\n]', 2))).toEqual([{ model: 'a' }, { model: 'b' }]);
  });

  it.each([
    ...[
      '{"usage":',
      '{"usage":}',
      '{]',
      '}',
      ']]]',
      '{"usage" 1}',
      'nonsense',
      '<html>',
      '{"usage":{"a":1}',
      '\u0000',
      '""',
    ],
    ...[
      '['.repeat(100_000),
      `{"usage":${'['.repeat(100_000)}`,
      `{"choices":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    ],
    ...['{"__proto__":{"usage":1}}', '{"usage":"\\u00"}', '{"usage":1e999}', `{"choices":[${'{},'.repeat(5_000)}]}`],
  ])('does not throw, whatever comes: %.30s', (json) => {
    for (const size of [1, 7, 65_536]) expect(() => prune(json, size)).not.toThrow();
    expect(({} as { usage?: unknown }).usage).toBeUndefined();
  });

  it('drops a value that is longer than 256 KiB, and reads on', () => {
    const json = JSON.stringify({
      choices: [{ delta: { content: 'x'.repeat(300_000) } }],
      usage: { prompt_tokens: 1 },
    });
    expect(plain(prune(json, 16_384))).toEqual([{ choices: [{ delta: {} }], usage: { prompt_tokens: 1 } }]);
  });

  it('needs no memory for what it does not keep', () => {
    const pruner = createPruner(WANTED, { document: () => undefined });
    const before = process.memoryUsage();
    pruner.chunk(Buffer.from('{"data":["'));
    const chunk = Buffer.alloc(65_536, 'a');
    for (let i = 0; i < 800; i += 1) pruner.chunk(chunk);
    pruner.chunk(Buffer.from('"],"model":"m"}'));
    const after = process.memoryUsage();
    expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(10_000_000);
  });
});
