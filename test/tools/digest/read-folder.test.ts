import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FolderError, type ReadLimits, readFolder } from '../../../src/tools/digest/read-folder.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const read = (folder: string, limits: ReadLimits = {}, signal = new AbortController().signal) =>
  readFolder(folder, limits, signal);

/** Runs `work` as a user without rights: root can read every file. */
async function asUnprivilegedUser<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

describe('reading a folder', () => {
  it('finds Markdown and text in all folders except hidden ones, node_modules and dist', async () => {
    const folder = tempFolder({
      'b.md': 'b',
      'a.markdown': 'a',
      'C.TXT': 'c',
      'code.ts': 'no',
      'deep/er/d.md': 'd',
      '.git/x.md': 'no',
      'node_modules/p/README.md': 'no',
      'dist/x.md': 'no',
      '.hidden.md': 'no',
    });
    const { files, skipped } = await read(folder);
    expect(files.map(({ path, text }) => [path, text])).toEqual([
      ['C.TXT', 'c'],
      ['a.markdown', 'a'],
      ['b.md', 'b'],
      ['deep/er/d.md', 'd'],
    ]);
    expect(skipped).toEqual([]);
  });

  // Other systems than Linux have no such names.
  it.runIf(process.platform === 'linux')('says of a name that is not UTF-8 that it is not', async () => {
    const folder = tempFolder({ 'good.md': 'Good text.' });
    const latin1 = (name: string) => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')]);
    writeFileSync(latin1('café.md'), 'Text.');
    mkdirSync(latin1('thé'));
    symlinkSync('good.md', latin1('lié.md'));
    const { files, skipped } = await read(folder);
    expect(files.map(({ path }) => path)).toEqual(['good.md']);
    expect(skipped.toSorted()).toEqual(
      ['caf\uFFFD.md', 'li\uFFFD.md', 'th\uFFFD'].map((name) => `${name} has a name that is not UTF-8: rename it`),
    );
  });

  it('says why it skips a file, and reads the others', async () => {
    const folder = tempFolder({
      'good.md': 'Good text.',
      'binary.md': new Uint8Array([0x50, 0x4b, 0, 1, 2]),
      'latin1.txt': new Uint8Array([0x63, 0x61, 0x66, 0xe9]),
      'empty.md': ' \n',
      'huge.md': 'x',
    });
    truncateSync(join(folder, 'huge.md'), 200_000_000);
    spawnSync('mkfifo', [join(folder, 'pipe.md')]);
    const { files, skipped } = await read(folder);
    expect(files.map(({ path }) => path)).toEqual(['good.md']);
    expect(skipped.toSorted()).toEqual([
      'binary.md is a binary file, not text',
      'empty.md is empty',
      'huge.md has 200 MB, the limit is 10 MB',
      'latin1.txt is not UTF-8 text',
      'pipe.md is a pipe, a socket or a device, not a file',
    ]);
  });

  it('drops the byte order mark of a text', async () => {
    const { files } = await read(tempFolder({ 'a.md': '\uFEFFHello' }));
    expect(files[0]?.text).toBe('Hello');
  });

  it('says which file and which folder it cannot read', async () => {
    const folder = tempFolder({ 'good.md': 'Good.', 'secret.md': 'no', 'closed/x.md': 'no' });
    chmodSync(folder, 0o755);
    chmodSync(join(folder, 'secret.md'), 0);
    chmodSync(join(folder, 'closed'), 0);
    const { files, skipped } = await asUnprivilegedUser(() => read(folder));
    expect(files.map(({ path }) => path)).toEqual(['good.md']);
    expect(skipped).toEqual([
      'closed cannot be read: permission denied',
      'secret.md cannot be read: permission denied',
    ]);
  });

  it('stops at the limit of all files together', async () => {
    const text = 'x'.repeat(600);
    const { files, skipped } = await read(tempFolder({ 'a.md': text, 'b.md': text, 'c.md': text, 'd.md': text }), {
      maxTotalBytes: 1_000,
    });
    expect(files).toHaveLength(2);
    expect(skipped).toEqual(['2 more files: one digest reads 0.001 MB at most']);
  });

  it('shows a name with control characters as one harmless line', async () => {
    const { files, skipped } = await read(tempFolder({ 'a\nb\u001b[31m.md': 'text', 'c\n.md': '' }));
    expect(files[0]?.path).toBe('a\uFFFDb\uFFFD[31m.md');
    expect(skipped).toEqual(['c\uFFFD.md is empty']);
  });

  it('says which file was removed after it was found and before it was read', async () => {
    const folder = tempFolder({ 'a.md': 'a', 'b.md': 'b' });
    // The signal is checked once for the folder and once before each file.
    let checks = 0;
    const signal = new AbortController().signal;
    signal.throwIfAborted = () => {
      checks += 1;
      if (checks === 2) rmSync(join(folder, 'b.md'));
    };
    const { files, skipped } = await read(folder, {}, signal);
    expect(files.map(({ path }) => path)).toEqual(['a.md']);
    expect(skipped).toEqual(['b.md does not exist (any more)']);
  });

  it('ends when it is aborted', async () => {
    const reason = new Error('enough');
    await expect(read(tempFolder({ 'a.md': 'a' }), {}, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe('symbolic links', () => {
  it('never lead into a loop', async () => {
    const folder = tempFolder({ 'sub/a.md': 'text' });
    symlinkSync(folder, join(folder, 'sub', 'up'));
    symlinkSync('two', join(folder, 'one'));
    symlinkSync('one', join(folder, 'two'));
    const { files, skipped } = await read(folder);
    expect(files.map(({ path }) => path)).toEqual(['sub/a.md']);
    expect(skipped.toSorted()).toEqual([
      'one is a link that leads back to itself',
      expect.stringMatching(/^sub\/up is a link to tta-test-\w+, which is read anyway$/),
      'two is a link that leads back to itself',
    ]);
  });

  it('are followed once to a target inside the folder that is not read otherwise', async () => {
    const folder = tempFolder({ '..data/a.md': 'of a config map', 'b.md': 'b', '.kept/deep/c.md': 'c' });
    symlinkSync('..data/a.md', join(folder, 'a.md'));
    symlinkSync('..data/a.md', join(folder, 'again.md'));
    symlinkSync('b.md', join(folder, 'same.md'));
    symlinkSync('.kept', join(folder, 'shown'));
    const { files, skipped } = await read(folder);
    expect(files.map(({ path, text }) => [path, text])).toEqual([
      ['.kept/deep/c.md', 'c'],
      ['a.md', 'of a config map'],
      ['b.md', 'b'],
    ]);
    expect(skipped).toEqual([
      'again.md is a link to ..data/a.md, which is read anyway',
      'same.md is a link to b.md, which is read anyway',
    ]);
  });

  it('are not followed to a target outside the folder', async () => {
    const outside = tempFolder({ 'secret.md': 'secret', 'more/x.md': 'x' });
    const folder = tempFolder({ 'a.md': 'a' });
    symlinkSync(join(outside, 'secret.md'), join(folder, 'secret.md'));
    symlinkSync(join(outside, 'more'), join(folder, 'more'));
    symlinkSync(join(outside, 'gone.md'), join(folder, 'gone.md'));
    const { files, skipped } = await read(folder);
    expect(files).toHaveLength(1);
    expect(skipped).toEqual([
      'gone.md does not exist (any more)',
      `more is a link to ${join(outside, 'more')}, which is outside of the folder`,
      `secret.md is a link to ${join(outside, 'secret.md')}, which is outside of the folder`,
    ]);
  });

  it('can be the folder that the user names', async () => {
    const folder = tempFolder({ 'real/a.md': 'a' });
    symlinkSync('real', join(folder, 'link'));
    expect((await read(join(folder, 'link'))).folder).toBe(join(folder, 'real'));
  });
});

describe('a folder that cannot be read', () => {
  it('is an error that says whether it is missing, is a file, or has no text', async () => {
    const folder = tempFolder({ 'a.md': 'a', 'empty/x.ts': 'no text' });
    await expect(read(join(folder, 'nowhere'))).rejects.toThrow(
      `The folder ${folder}/nowhere does not exist (any more)`,
    );
    await expect(read(join(folder, 'a.md'))).rejects.toThrow(`${folder}/a.md is a file: name the folder that it is in`);
    await expect(read(join(folder, 'empty'))).rejects.toThrow(
      `${folder}/empty has no text to read: no .md, no .markdown, no .txt file with text in it`,
    );
  });

  it('is an error that says which files were skipped', async () => {
    const error = await read(tempFolder({ 'a.md': '' })).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(FolderError);
    expect((error as FolderError).skipped).toEqual(['a.md is empty']);
  });
});
