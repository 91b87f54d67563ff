import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeAtomically } from '../../src/platform/write-atomically.ts';
import { tempFolder } from '../support/temp-folder.ts';

describe('writing atomically', () => {
  it('replaces the old content and leaves no other file', async () => {
    const folder = tempFolder({ 'd.md': 'old' });
    await writeAtomically(join(folder, 'd.md'), 'new');
    expect(readFileSync(join(folder, 'd.md'), 'utf8')).toBe('new');
    expect(readdirSync(folder)).toEqual(['d.md']);
  });

  it.each([0o600, 0o640, 0o666])('keeps the permissions %o of the file', async (mode) => {
    const path = join(tempFolder({ 'd.md': 'old' }), 'd.md');
    chmodSync(path, mode);
    await writeAtomically(path, 'new');
    expect(statSync(path).mode & 0o777).toBe(mode);
  });

  it('writes to the file that a link leads to, and keeps the link', async () => {
    const folder = tempFolder({ 'there/d.md': 'old', here: '' });
    symlinkSync('there/d.md', join(folder, 'link.md'));
    await writeAtomically(join(folder, 'link.md'), 'new');
    expect(readFileSync(join(folder, 'there/d.md'), 'utf8')).toBe('new');
    expect(lstatSync(join(folder, 'link.md')).isSymbolicLink()).toBe(true);
    expect(readdirSync(join(folder, 'there'))).toEqual(['d.md']);
  });

  it('never replaces a device or a link to a missing file', async () => {
    await expect(writeAtomically('/dev/null', 'new')).rejects.toThrow('/dev/null is not a file: nothing was written');
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
    const folder = tempFolder();
    symlinkSync('gone.md', join(folder, 'link.md'));
    await expect(writeAtomically(join(folder, 'link.md'), 'new')).rejects.toThrow('leads to no file');
    expect(readdirSync(folder)).toEqual(['link.md']);
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
