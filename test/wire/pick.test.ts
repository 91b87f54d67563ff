import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pick } from '../../src/wire/pick.ts';

const WISHES = { values: new Set(['model', 'stream', 'stream_options']), lengths: new Set(['messages', 'input']) };

function picked(body: string) {
  const { values, lengths } = pick(body, WISHES);
  return { ...Object.fromEntries(values), ...Object.fromEntries(lengths) };
}

describe('pick', () => {
  const messages = [{ role: 'user', content: 'the "model":"false", { [ \\" \\\\' }];
  const length = JSON.stringify(messages).length;

  it('finds the members of the object, not those inside of the prompt', () => {
    const body = {
      messages,
      tools: [{ model: 'x' }],
      model: 'm',
      stream: true,
      stream_options: { include_usage: true },
    };
    const found = { messages: length, model: 'm', stream: true, stream_options: { include_usage: true } };
    expect(picked(JSON.stringify(body))).toEqual(found);
    expect(picked(JSON.stringify(body, null, 2))).toMatchObject({ model: 'm', stream: true });
    expect(picked('{"mod\\u0065l":"a\\"b"}')).toEqual({ model: 'a"b' });
  });

  it.each([70_000, 140_000, 1_000_000])('finds them before and behind a prompt of %i characters', (size) => {
    for (const filler of ['x', '\\', '"', '{"model":"no"}', 'ö[']) {
      const long = [...messages, { role: 'user', content: filler.repeat(size / filler.length) }];
      const written = JSON.stringify(long);
      expect(picked(`{"model":"m","messages":${written},"stream":true}`)).toEqual({
        ...{ model: 'm', messages: expect.any(Number), stream: true },
      });
      expect(picked(`{"messages":${written},"model":"m", "stream" : true }\n`)).toMatchObject({
        model: 'm',
        stream: true,
      });
      const { messages: found } = picked(`{"messages":${written},"model":"m"}`) as { messages: number };
      expect(Math.abs(found - written.length)).toBeLessThan(10);
    }
  });

  it('finds what JSON.parse finds', () => {
    const keys = fc.constantFrom('model', 'stream', 'x', 'a"', '\\', 'messages');
    const value = fc.jsonValue({ maxDepth: 3, noUnicodeString: false });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(keys, value)),
        fc.constantFrom(0, 70_000, 200_000),
        fc.nat(8),
        (members, padding, at) => {
          const written = members.map(([key, member]) => `${JSON.stringify(key)}:${JSON.stringify(member)}`);
          if (padding > 0) written.splice(at, 0, `"padding":["${'\\"'.repeat(padding / 2)}"]`);
          const body = `{${written.join(', ')}}`;
          const { model, stream } = JSON.parse(body);
          expect(picked(body)).toMatchObject(JSON.parse(JSON.stringify({ model, stream })));
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each([
    '',
    'x',
    '[]',
    '[{"model":"m"}]',
    '{',
    '{"',
    '{"model',
    '{"model"',
    '{"model":',
    '{"model":"',
    '{"model" "m"}',
    '}',
  ])('finds nothing in %j, and does not throw', (body) => {
    expect(picked(body)).toEqual({});
    expect(picked(body.padEnd(200_000, '}'))).toEqual({});
    expect(() => picked(body.padEnd(200_000, '"'))).not.toThrow();
  });

  it('looks at a bounded part of a long text', () => {
    const body = `{"a":[${'[],'.repeat(30_000_000)}[]],"model":"m"}`;
    const start = process.cpuUsage();
    expect(picked(body)).toEqual({ model: 'm' });
    expect(process.cpuUsage(start).user).toBeLessThan(50_000);
  });
});
