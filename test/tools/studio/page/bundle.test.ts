import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';

const built = resolve(import.meta.dirname, '../../../../dist/studio');
const FIRST_PAINT_BYTES = 60_000;

/** What a browser loads before it shows something: the scripts of the page, and those that they import. */
function firstScripts(): readonly string[] {
  const html = readFileSync(`${built}/index.html`, 'utf8');
  const found = new Set([...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map(([, file]) => file as string));
  for (const file of found) {
    const script = readFileSync(`${built}/${file}`, 'utf8');
    for (const [, name] of script.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) found.add(`assets/${name}`);
  }
  return [...found];
}

describe.skipIf(!existsSync(built))('the built page of Studio', () => {
  test('needs less than 60 kB of compressed script for its first paint', () => {
    const sizes = firstScripts().map((file) => gzipSync(readFileSync(`${built}/${file}`), { level: 9 }).length);
    expect(sizes.length).toBeGreaterThan(0);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(FIRST_PAINT_BYTES);
  });

  test('has no script and no style in its document', () => {
    const html = readFileSync(`${built}/index.html`, 'utf8');
    expect(html).not.toMatch(/<style|style=|\son\w+=|javascript:|data:/i);
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)[^>]*>/i);
  });
});
