import { readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { resolveOutputPath } from '../../../src/tools/digest/index.ts';
import { tempFolder } from '../../support/temp-folder.ts';

describe('the output path of a digest', () => {
  it('is digest.md in the current folder', async () => {
    const cwd = tempFolder({ 'docs/a.md': 'a' });
    expect(await resolveOutputPath({ folder: join(cwd, 'docs'), cwd })).toBe(join(cwd, 'digest.md'));
  });

  it.each(['.', 'docs/deep'])(
    'is in a new temporary folder when the current folder, %s, is the one that is read',
    async (current) => {
      const folder = tempFolder({ 'docs/deep/a.md': 'a' });
      const path = await resolveOutputPath({ folder, cwd: join(folder, current) });
      onTestFinished(() => rmSync(dirname(path), { recursive: true }));
      expect(path.startsWith(join(tmpdir(), 'tta-digest-'))).toBe(true);
      expect(readdirSync(folder)).toEqual(['docs']);
    },
  );

  it('is the file that the user names', async () => {
    const cwd = tempFolder({ 'docs/a.md': 'a', 'out/x': '' });
    const folder = join(cwd, 'docs');
    expect(await resolveOutputPath({ folder, cwd, out: 'out/d.md' })).toBe(join(cwd, 'out/d.md'));
    expect(await resolveOutputPath({ folder, cwd, out: 'docs.md' })).toBe(join(cwd, 'docs.md'));
    expect(await resolveOutputPath({ folder, cwd, out: join(cwd, 'out/x') })).toBe(join(cwd, 'out/x'));
  });

  it('is never inside the folder that is read, also through links and dots', async () => {
    const cwd = tempFolder({ 'docs/deep/a.md': 'a' });
    const folder = join(cwd, 'docs');
    symlinkSync('docs/deep', join(cwd, 'shortcut'));
    for (const out of ['docs/d.md', 'docs/deep/d.md', 'shortcut/d.md', 'docs/deep/../d.md', 'docs/a.md']) {
      await expect(resolveOutputPath({ folder, cwd, out })).rejects.toThrow(
        `--out ${out} is inside ${folder}, the folder that is read: the next run would digest its own digest`,
      );
    }
    await expect(resolveOutputPath({ folder: join(cwd, 'shortcut'), cwd, out: 'docs/deep/d.md' })).rejects.toThrow(
      'inside',
    );
  });

  it('is the file that a link leads to, and never the link', async () => {
    const cwd = tempFolder({ 'docs/a.md': 'a', 'out/real.md': 'old' });
    symlinkSync('out/real.md', join(cwd, 'link.md'));
    symlinkSync('docs/d.md', join(cwd, 'dangling.md'));
    symlinkSync('docs/a.md', join(cwd, 'inside.md'));
    const outputPath = (out: string) => resolveOutputPath({ folder: join(cwd, 'docs'), cwd, out });
    expect(await outputPath('link.md')).toBe(join(cwd, 'out/real.md'));
    await expect(outputPath('dangling.md')).rejects.toThrow(
      '--out dangling.md is a link to a file that does not exist',
    );
    await expect(outputPath('inside.md')).rejects.toThrow('--out inside.md is inside');
  });

  it.each(['/dev/stdout', '/dev/stderr', '/dev/fd/1', '/proc/self/fd/1', '/dev/null'])(
    'is not %s, whatever it leads to',
    async (out) => {
      const cwd = tempFolder({ 'docs/a.md': 'a' });
      const outputPath = resolveOutputPath({ folder: join(cwd, 'docs'), cwd, out });
      await expect(outputPath).rejects.toThrow(`--out ${out} is not a file: name a file to write`);
    },
  );

  it('is refused when the file cannot be written', async () => {
    const cwd = tempFolder({ 'docs/a.md': 'a', 'out/x': '' });
    const outputPath = (out: string) => resolveOutputPath({ folder: join(cwd, 'docs'), cwd, out });
    await expect(outputPath('gone/d.md')).rejects.toThrow(`--out gone/d.md: the folder ${cwd}/gone does not exist`);
    await expect(outputPath('out')).rejects.toThrow('--out out is not a file: name a file to write');
    await expect(outputPath('out/x/d.md')).rejects.toThrow('not a folder');
  });
});
