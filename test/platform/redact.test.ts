import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redact } from '../../src/platform/redact.ts';
import { GROUPS } from '../../src/platform/secret-shapes.ts';
import { HARMLESS, TOKENS, WITH_SECRETS } from './secrets.ts';

const unmarked = (text: string) => text.replace(/[«»]/g, '');
const secretsOf = (text: string) => [...text.matchAll(/«([^»]*)»/g)].map(([, secret]) => secret as string);

function expectHidden(text: string, secrets: readonly string[]): void {
  const safe = redact(text);
  expect(safe).toContain('[redacted]');
  for (const secret of secrets) expect(safe, text).not.toContain(secret);
}

/** The places where a credential stands in the texts of errors. */
const PLACES: readonly [place: string, put: (text: string) => string][] = [
  ['in the middle of a sentence', (text) => `The server said: 401 ${text} was refused`],
  ['in quotes', (text) => `refused '${text}'`],
  ['in JSON', (text) => JSON.stringify({ error: { message: `got ${text}`, code: 401 } })],
  ['in JSON in JSON', (text) => JSON.stringify({ body: JSON.stringify({ got: text }) })],
  ['after an escaped new line', (text) => `first\\n${text}\\nlast`],
  ['in a path', (text) => `https://example.com/v1/${text}/x`],
  ['behind a percent sign', (text) => `q%3D${text}`],
  ['before the end of a sentence', (text) => `It was ${text}.`],
];

describe('redact', () => {
  it.each(WITH_SECRETS)('hides the secret in %j', (marked) => {
    expectHidden(unmarked(marked), secretsOf(marked));
  });

  it.each(PLACES)('hides a token %s', (_, put) => {
    for (const token of TOKENS) expectHidden(put(unmarked(token)), secretsOf(token));
  });

  it('hides every secret of several lines', () => {
    for (const marked of WITH_SECRETS) {
      expectHidden(`before: 1\n${unmarked(marked)}\nafter: 2`, secretsOf(marked));
    }
  });

  it.each(HARMLESS)('leaves %j as it is', (text) => {
    expect(redact(text)).toBe(text);
    expect(redact(`Error: ${text} again`)).toBe(`Error: ${text} again`);
  });

  it('changes nothing when it is asked twice', () => {
    for (const marked of WITH_SECRETS) {
      const once = redact(unmarked(marked));
      expect(redact(once)).toBe(once);
    }
  });

  it('hides a secret wherever the text is cut', () => {
    for (const marked of WITH_SECRETS.filter((text) => secretsOf(text).join('').length > 15)) {
      for (const before of [2_030, 2_040, 8_150, 8_170, 8_185]) {
        const safe = redact(`${'filler '.repeat(before / 7)}${unmarked(marked)}${' filler'.repeat(2_000)}`);
        for (const secret of secretsOf(marked)) expect(safe).not.toContain(secret.slice(0, 8));
      }
    }
  });

  it('hides a secret that the end of the searched part cuts, where much before it was hidden', () => {
    const key = `-----BEGIN PRIVATE KEY-----${'A'.repeat(7_000)}-----END PRIVATE KEY-----`;
    const text = `${key}${'x '.repeat(540)}postgres://ada:${'hunter2'.repeat(20)}@db/x${' y'.repeat(2_000)}`;
    expect(redact(text)).not.toContain('hunter2');
  });

  it('bounds the length of a text', () => {
    expect(redact('x'.repeat(100_000))).toBe(`${'x'.repeat(2_048)}…`);
    expect(redact('x'.repeat(2_049))).toBe(`${'x'.repeat(2_048)}…`);
    expect(redact('x'.repeat(2_048))).toBe('x'.repeat(2_048));
  });

  it('never throws, and its texts are at most 2,049 characters', () => {
    const piece = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom(...WITH_SECRETS.map(unmarked)));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        expect(redact(pieces.join('')).length).toBeLessThanOrEqual(2_049);
      }),
    );
  });

  it('leaves out only shapes that would find nothing', () => {
    const samples = [...WITH_SECRETS, ...TOKENS, ...HARMLESS].map(unmarked);
    const part = fc
      .tuple(fc.constantFrom(...samples), fc.nat(80), fc.nat(80))
      .map(([text, from, length]) => text.slice(from % text.length, (from % text.length) + length));
    const glue = fc.constantFrom(
      ...' \n\t"\'\\/%@:=-_.?&;<>$()[]{}|+~,',
      '%3D',
      '%40',
      '%2F%2F',
      '\\n',
      '\\u0026',
      '//',
      '--',
    );
    const whole = fc.constantFrom(...samples);
    const piece = fc.oneof(
      whole,
      part,
      glue,
      fc.string({ unit: 'binary-ascii', maxLength: 12 }),
      fc.string({ maxLength: 5 }),
    );
    const asWritten = (text: string) => text;
    const recased = fc.constantFrom(
      asWritten,
      asWritten,
      (t: string) => t.toUpperCase(),
      (t: string) => t.toLowerCase(),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(piece, recased), { minLength: 1, maxLength: 6 }), (pieces) => {
        const text = pieces.map(([one, recase]) => recase(one)).join('');
        for (const { needs, shapes } of GROUPS) {
          if (needs.test(text)) continue;
          for (const [pattern] of shapes) expect(text.search(pattern), `${pattern} in ${text}`).toBe(-1);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  // Each text made a simpler pattern quadratic or worse. A pattern that is retried without a bound takes minutes.
  it.each([
    '//',
    '://a:',
    'sk-',
    'a_',
    'A_',
    'eyJ',
    'eyJ.',
    '\\',
    '"',
    "'",
    'password',
    'password ',
    'password=',
    'token: "\\',
    'authorization: ',
    'cookie: a',
    '-----BEGIN PRIVATE KEY-----',
    '-----BEGIN',
    ' ',
    '\t',
    'key ',
    'a.',
    '%2F%2F',
    'a:b@',
    '?key',
    '&',
    '<a',
    '--a-',
  ])('takes no long time for a megabyte of %j', { timeout: 5_000 }, (piece) => {
    redact(piece.repeat(1_000_000 / piece.length));
    redact(`${piece.repeat(8_000 / piece.length)}!`);
  });
});
