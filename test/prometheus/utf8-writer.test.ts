import { describe, expect, it } from 'vitest';
import { Utf8Writer } from '../../src/prometheus/utf8-writer.ts';

describe('the writer', () => {
  it.each([0, -0, 9, 10, 99, 100, 2 ** 31 - 1, 2 ** 31, 2 ** 53, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'writes the number %s',
    (value) => {
      const out = new Utf8Writer();
      out.number(value, String);
      expect(out.take().toString()).toBe(String(value));
    },
  );

  it('has room for more than a part, and its parts do not change', () => {
    const out = new Utf8Writer();
    const text = 'é😀x'.repeat(20_000);
    out.text(text);
    const { length } = out;
    out.again(0, length);
    out.bytes(Buffer.alloc(length, 'y'));
    expect(out.isFull).toBe(true);
    const part = out.take();
    out.text('next');
    expect(part.toString()).toBe(`${text}${text}${'y'.repeat(length)}`);
    expect(out.take().toString()).toBe('next');
  });

  it('forgets what a scrape that failed has left', () => {
    const out = new Utf8Writer();
    out.text('left');
    out.clear();
    expect(out.take()).toHaveLength(0);
  });
});
