import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createUsageFilter, withUsageAsked } from '../../src/wire/include-usage.ts';
import { inChunks } from './exchange.ts';

/** What a client sees of `stream`, which comes in chunks of `size` bytes. Each chunk's memory is used again. */
function seen(stream: string | Uint8Array, size: number): string {
  const filter = createUsageFilter();
  const shown = inChunks(Buffer.from(stream as string), size).map((chunk) => {
    const part = Buffer.from(filter.chunk(chunk));
    chunk.fill(0x58);
    return part;
  });
  return Buffer.concat([...shown, filter.ended() ?? new Uint8Array()]).toString();
}

const asked = '"stream_options":{"include_usage":true}';

describe('a request', () => {
  it('that streams is asked for its usage, with no other change', () => {
    expect(withUsageAsked('{"model":"m","stream":true}')).toBe(`{${asked},"model":"m","stream":true}`);
    expect(withUsageAsked(' {\n "stream" : true }')).toBe(` {${asked},\n "stream" : true }`);
    const long = `{"messages":["${'x'.repeat(500_000)}"],"stream":true}`;
    expect(withUsageAsked(long)).toBe(`{${asked},${long.slice(1)}`);
  });

  it.each([
    ...[
      '{"model":"m"}',
      '{"stream":false}',
      '{"stream":"true"}',
      '[{"stream":true}]',
      '',
      'x',
      '{"a":{"stream":true}}',
    ],
    ...['{"stream":true,"stream_options":{}}', '{"stream":true,"stream_options":null}'],
    `{"stream":true,"messages":["${'x'.repeat(300_000)}"],"stream_options":{"include_usage":false},"a":["${'x'.repeat(300_000)}"]}`,
  ])('is left alone: %.60s', (body) => {
    expect(withUsageAsked(body)).toBeUndefined();
  });

  it('whose prompt speaks of stream_options is asked', () => {
    const body = JSON.stringify({ messages: [{ content: '{"stream_options":{}}' }], stream: true });
    expect(withUsageAsked(body)).toContain(asked);
  });
});

describe('a stream that was asked for its usage', () => {
  /** An event as a server writes it; `spaced` as Python does. */
  const write = (value: unknown, isSpaced: boolean) => {
    const json = JSON.stringify(value);
    return isSpaced
      ? JSON.stringify(value, null, 1)
          .replace(/\n\s*/g, ' ')
          .replace(/([{[]) | ([}\]])/g, '$1$2')
      : json;
  };
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom('"usage":null', ',"usage":null}', 'data: {"choices":[],"usage":{}}', '\n\n', '😀', '\\'),
  );
  const event = fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('chunk'), text, place: fc.nat(3) }) },
    fc.record({ kind: fc.constantFrom('comment', 'ping', 'filter', 'error', 'lines'), text, place: fc.nat(3) }),
  );
  type Event = { kind: string; text: string; place: number };

  /** The data of an event, with its usage at some place where it was asked for. */
  const dataOf = ({ kind, text, place }: Event, usage?: unknown) => {
    const members: [string, unknown][] =
      kind === 'filter'
        ? [...Object.entries({ choices: [], prompt_filter_results: [{ text, usage: null }] })]
        : [...Object.entries({ id: 'x', choices: [{ delta: { content: text, usage: null } }], object: 'chunk' })];
    if (usage !== undefined) members.splice(place, 0, ['usage', usage]);
    return Object.fromEntries(members);
  };

  function stream(events: readonly Event[], end: string, isSpaced: boolean, isAsked: boolean): string {
    const written = events.map((each) => {
      if (each.kind === 'comment') return `: "usage":null${end}${end}`;
      if (each.kind === 'ping') return `event: ping${end}data: {}${end}${end}`;
      if (each.kind === 'error') return `data: {"error":{"message":"no","usage":null}}${end}${end}`;
      if (each.kind === 'lines') return `data: {"a":1,${end}data: "b":2}${end}${end}`;
      return `data: ${write(dataOf(each, isAsked ? null : undefined), isSpaced)}${end}${end}`;
    });
    const alone = { id: 'x', choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } };
    if (isAsked) written.push(`data: ${write(alone, isSpaced)}${end}${end}`);
    return [...written, `data: [DONE]${end}${end}`].join('');
  }

  it('is for the client what it would have been, byte for byte', () => {
    fc.assert(
      fc.property(
        ...[fc.array(event as fc.Arbitrary<Event>, { maxLength: 6 }), fc.constantFrom('\n', '\r\n', '\r')],
        ...[fc.boolean(), fc.integer({ min: 1, max: 60 })],
        (events, end, isSpaced, size) => {
          const usual = stream(events, end, isSpaced, false);
          expect(seen(stream(events, end, isSpaced, true), size)).toBe(usual);
          expect(createUsageFilter().text(stream(events, end, isSpaced, true))).toBe(usual);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('that was not asked, or is something else, passes unchanged, at any borders', () => {
    const all = [
      'data: {"choices":[{"delta":{}}],"usage":{"prompt_tokens":1}}\n\ndata: [DONE]\n\n',
      '{"choices":[],"usage":{"prompt_tokens":1}}',
      'data: {"choices":[],"usage":1}\n\n',
      'data: {"choices":[]\n\n',
      '\uFEFFdata: 1\r\n\r\n\r\n\r\n: x\r\r',
      `data: {"choices":[],"x":"${'y'.repeat(300_000)}","usage":{}}\n\ndata: [DONE]`,
      '',
    ];
    for (const body of all) for (const size of [1, 2, 3, 7, 65_536]) expect(seen(body, size)).toBe(body);
  });

  it('that ends without an empty line shows its last event', () => {
    expect(seen('data: {"a":1,"usage":null}', 5)).toBe('data: {"a":1}');
    expect(seen('data: {"choices":[],"usage":{"prompt_tokens":1}}\r\n\r\ndata: [DONE]', 5)).toBe('data: [DONE]');
  });

  it('gives each event to the client as soon as it has come', () => {
    const filter = createUsageFilter();
    expect(Buffer.from(filter.chunk(Buffer.from('data: {"a":1,"usage":null}\n'))).toString()).toBe('');
    expect(Buffer.from(filter.chunk(Buffer.from('\n'))).toString()).toBe('data: {"a":1}\n\n');
    expect(filter.ended()).toBeUndefined();
  });
});
