import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { choosePlace, writeWhole } from '../../../src/tools/digest/index.ts';
import { tempFolder } from '../../support/temp-folder.ts';

describe('the place of a digest', () => {
  it('is the current folder', async () => {
    const cwd = tempFolder({ 'docs/a.md': 'a' });
    expect(await choosePlace({ folder: join(cwd, 'docs'), cwd })).toBe(join(cwd, 'digest.md'));
  });

  it.each(['.', 'docs/deep'])('is a fresh folder elsewhere when the current one, %s, is read', async (where) => {
    const folder = tempFolder({ 'docs/deep/a.md': 'a' });
    const place = await choosePlace({ folder, cwd: join(folder, where) });
    onTestFinished(() => rmSync(dirname(place), { recursive: true }));
    expect(place.startsWith(join(tmpdir(), 'tta-digest-'))).toBe(true);
    expect(readdirSync(folder)).toEqual(['docs']);
  });

  it('is where the user wants it', async () => {
    const cwd = tempFolder({ 'docs/a.md': 'a', 'out/x': '' });
    const folder = join(cwd, 'docs');
    expect(await choosePlace({ folder, cwd, out: 'out/d.md' })).toBe(join(cwd, 'out/d.md'));
    expect(await choosePlace({ folder, cwd, out: 'docs.md' })).toBe(join(cwd, 'docs.md'));
    expect(await choosePlace({ folder, cwd, out: join(cwd, 'out/x') })).toBe(join(cwd, 'out/x'));
  });

  it('is never inside the folder that is read, by whatever way', async () => {
    const cwd = tempFolder({ 'docs/deep/a.md': 'a' });
    const folder = join(cwd, 'docs');
    symlinkSync('docs/deep', join(cwd, 'shortcut'));
    for (const out of ['docs/d.md', 'docs/deep/d.md', 'shortcut/d.md', 'docs/deep/../d.md', 'docs/a.md']) {
      await expect(choosePlace({ folder, cwd, out })).rejects.toThrow(
        `--out ${out} lies inside ${folder}, the folder that is read: the next run would digest its own digest`,
      );
    }
    await expect(choosePlace({ folder: join(cwd, 'shortcut'), cwd, out: 'docs/deep/d.md' })).rejects.toThrow('inside');
  });

  it('is refused where nothing can be written', async () => {
    const cwd = tempFolder({ 'docs/a.md': 'a', 'out/x': '' });
    const place = (out: string) => choosePlace({ folder: join(cwd, 'docs'), cwd, out });
    await expect(place('gone/d.md')).rejects.toThrow(`--out gone/d.md: the folder ${cwd}/gone is not there`);
    await expect(place('out')).rejects.toThrow('--out out is not a file: name a file to write');
    await expect(place('out/x/d.md')).rejects.toThrow('not a folder');
  });
});

describe('writing whole', () => {
  it('replaces what was there and leaves nothing else', async () => {
    const folder = tempFolder({ 'd.md': 'old' });
    await writeWhole(join(folder, 'd.md'), 'new');
    expect(readFileSync(join(folder, 'd.md'), 'utf8')).toBe('new');
    expect(readdirSync(folder)).toEqual(['d.md']);
  });

  it('leaves the old one, and no draft, when it fails', async () => {
    const folder = tempFolder();
    mkdirSync(join(folder, 'd.md'));
    writeFileSync(join(folder, 'd.md', 'inside'), '');
    await expect(writeWhole(join(folder, 'd.md'), 'new')).rejects.toThrow();
    expect(readdirSync(folder)).toEqual(['d.md']);
    await expect(writeWhole(join(folder, 'gone', 'd.md'), 'new')).rejects.toThrow('ENOENT');
  });

  it('is never seen half done', async () => {
    const folder = tempFolder({ 'd.md': '0'.repeat(500_000) });
    const path = join(folder, 'd.md');
    let writing = true;
    const writes = (async () => {
      for (let i = 1; i < 10; i += 1) await writeWhole(path, String(i).repeat(500_000));
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
