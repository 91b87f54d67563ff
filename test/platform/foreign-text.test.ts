import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { foreignMessage, foreignText, withoutControls } from '../../src/platform/foreign-text.ts';

describe('a text from elsewhere', () => {
  it.each([
    ['colours and movements', 'a\u001b[31mred\u001b[0m\u001b[2J\u001b[1;1Hb', 'aredb'],
    ['a title and a link', 'a\u001b]0;title\u0007b\u001b]8;;http://x\u001b\\c', 'abc'],
    ['a forged line', 'no\nok       endpoint    fine\r\nFAILURE', 'no ok endpoint fine FAILURE'],
    ['line breaks of Unicode', 'a\u2028b\u0085c', 'a\uFFFDb\uFFFDc'],
    ['a turned direction', 'a\u202Egpj.exe', 'agpj.exe'],
    [
      'an API key',
      'Incorrect API key provided: sk-proj-abcdefghijklmnop1234',
      'Incorrect API key provided: sk-[redacted]',
    ],
    ['an API key with a colour inside', 'sk-proj-abcd\u001b[1mefghijklmnop1234', 'sk-[redacted]'],
    ['a password in an address', 'http://user:hunter2@host/x', 'http://[redacted]@host/x'],
    ['a query', 'at https://host/path?tenant=7&q=secret now', 'at https://host/path?… now'],
    ['words', 'connection refused', 'connection refused'],
  ])('is shown without %s', (_, text, shown) => {
    expect(foreignText(text)).toBe(shown);
  });

  it('is short, however long it is', () => {
    expect(foreignText('word '.repeat(1_000_000)).length).toBeLessThan(3_000);
  });

  it('may be thrown, and be no error', () => {
    expect([foreignMessage(new Error('a\nb')), foreignMessage('x'), foreignMessage(null)]).toEqual([
      'a b',
      'x',
      'null',
    ]);
  });

  it('has the messages of its causes, each once', () => {
    const cause = new Error('connect ECONNREFUSED 127.0.0.1:11434');
    const failed = new Error('Connection error.', { cause: new TypeError('fetch failed', { cause }) });
    expect(foreignMessage(failed)).toBe('Connection error: fetch failed: connect ECONNREFUSED 127.0.0.1:11434');
    expect(foreignMessage(new Error('refused', { cause: new Error('refused') }))).toBe('refused');
    expect(foreignMessage(new Error('a', { cause: new Error('b', { cause: 'c' }) }))).toBe('a: b: c');
    expect(foreignMessage(Object.assign(cause, { cause }))).toBe('connect ECONNREFUSED 127.0.0.1:11434');
  });

  it('may be an error of another realm, as in a test environment', () => {
    expect(foreignMessage(runInNewContext("new TypeError('refused')"))).toBe('refused');
  });

  it('keeps its lines where they are ours', () => {
    expect(withoutControls('one\r\n  two\u0007\tthree')).toBe('one\n  two\uFFFD three');
  });
});
