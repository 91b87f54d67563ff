import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeAtomically } from '../../../src/tools/digest/index.ts';
import { tempFolder } from '../../support/temp-folder.ts';

describe('writing atomically', () => {
  it('replaces the old content and leaves no other file', async () => {
    const folder = tempFolder({ 'd.md': 'old' });
    await writeAtomically(join(folder, 'd.md'), 'new');
    expect(readFileSync(join(folder, 'd.md'), 'utf8')).toBe('new');
    expect(readdirSync(folder)).toEqual(['d.md']);
  });

  it('keeps the old content, and leaves no temporary file, when it fails', async () => {
    const folder = tempFolder();
    mkdirSync(join(folder, 'd.md'));
    writeFileSync(join(folder, 'd.md', 'inside'), '');
    await expect(writeAtomically(join(folder, 'd.md'), 'new')).rejects.toThrow();
    expect(readdirSync(folder)).toEqual(['d.md']);
    await expect(writeAtomically(join(folder, 'gone', 'd.md'), 'new')).rejects.toThrow('ENOENT');
  });

  it('never shows a reader a part of the new content', async () => {
    const folder = tempFolder({ 'd.md': '0'.repeat(500_000) });
    const path = join(folder, 'd.md');
    let writing = true;
    const writes = (async () => {
      for (let i = 1; i < 10; i += 1) await writeAtomically(path, String(i).repeat(500_000));
      writing = false;
    })();
    while (writing) {
      const text = readFileSync(path, 'utf8');
      expect(text.length).toBe(500_000);
      expect(new Set([text[0], text[250_000], text.at(-1)]).size).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await writes;
  });
});
