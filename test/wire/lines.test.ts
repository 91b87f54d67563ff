import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEventLines } from '../../src/wire/lines.ts';

/** The events of `text`, given in chunks of `size` bytes, as `name: data`. */
function events(text: string | Uint8Array, size: number): string[] {
  const all: string[] = [];
  let pieces: Uint8Array[] = [];
  const lines = createEventLines({
    event: (data, name) => all.push(`${name ?? 'message'}: ${Buffer.from(data)}`),
    piece: (bytes) => pieces.push(Buffer.from(bytes)),
    pieceEnd: () => {
      all.push(`in ${pieces.length === 0 ? 'no ' : ''}pieces: ${Buffer.concat(pieces)}`);
      pieces = [];
    },
  });
  const bytes = Buffer.from(text as string);
  for (let i = 0; i < bytes.length; i += size) {
    const chunk = Buffer.from(bytes.subarray(i, i + size));
    lines.chunk(chunk);
    chunk.fill(0);
  }
  lines.ended();
  return all;
}

describe('server-sent events', () => {
  const text =
    ': comment\nevent: ping\ndata: {"a":"ö"}\n\nid: 1\ndata:two\ndata: lines\n\ndata\n\nretry: 3\n\ndata: [DONE]\n\n';
  const expected = ['ping: {"a":"ö"}', 'message: two\nlines', 'message: ', 'message: [DONE]'];

  it.each(['\n', '\r\n', '\r'])('are read with the line end %j, at any borders of chunks', (lineEnd) => {
    const written = text.replaceAll('\n', lineEnd);
    for (let size = 1; size <= written.length; size += 1) expect(events(written, size)).toEqual(expected);
  });

  it('may begin with a byte order mark, and need no line end at their end', () => {
    expect(events('\uFEFFdata: 1\n\ndata: 2', 1)).toEqual(['message: 1', 'message: 2']);
    expect(events('data: 1\n\ndata: 2\n', 100)).toEqual(['message: 1', 'message: 2']);
  });

  it('may have an error between them that is bare JSON, in one line or in several', () => {
    const bare = '{"error":{\n"code":500}}';
    const expected = ['message: 1', `message: ${bare}`, 'message: 2'];
    for (const size of [1, 4, 100]) {
      expect(events(`data: 1\n\n${bare}\n\ndata: 2\n\n`, size)).toEqual(expected);
      expect(events(`data: 1\n${bare}\ndata: 2\n\n`, size)).toEqual(expected);
      expect(events(`data: 1\n\n${bare}`, size)).toEqual(expected.slice(0, 2));
    }
  });

  it('that are longer than 256 KiB are given in pieces', () => {
    const long = 'x'.repeat(1_000_000);
    const all = events(`data: ${long}\n\n: ${long}\n\ndata: [DONE]\n\n`, 65_536);
    expect(all).toEqual([`in pieces: ${long}`, 'message: [DONE]']);
    const several = `data: ${'y'.repeat(200_000)}\n`.repeat(2);
    expect(events(`${several}\n`, 1_000)).toEqual([`in pieces: ${'y'.repeat(200_000)}\n${'y'.repeat(200_000)}`]);
  });

  it('are the same however the line ends are mixed', () => {
    const end = fc.constantFrom('\n', '\r\n', '\r');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.stringMatching(/^[a-z"{}ö]{1,9}$/), end, end)),
        fc.integer({ min: 1, max: 9 }),
        (all, size) => {
          // An LF behind a CR would be one line end of two characters.
          const safe = all.filter(([, first, second]) => !(first === '\r' && second === '\n'));
          const written = safe.map(([data, first, second]) => `data: ${data}${first}${second}`).join('');
          expect(events(written, size)).toEqual(safe.map(([data]) => `message: ${data}`));
        },
      ),
      { numRuns: 500 },
    );
  });
});
