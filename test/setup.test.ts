/**
 * `.ci/setup.cjs` on a small checkout of its own: the real npm, the real compiler, no network. Vite, which brings many
 * packages, is a small program that writes an empty page.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tempFolder } from './support/temp-folder.ts';

const ROOT = resolve(import.meta.dirname, '..');
const TYPESCRIPT = join(ROOT, 'node_modules/typescript');
const MANIFEST = {
  name: 'small',
  engines: { node: '>=20.19' },
  devDependencies: { typescript: `file:${TYPESCRIPT}`, vite: 'file:vite' },
};
const WRITE_PAGE = `
  const { mkdirSync, writeFileSync } = require('node:fs');
  const folder = process.argv[process.argv.indexOf('--outDir') + 1];
  mkdirSync(folder, { recursive: true });
  writeFileSync(folder + '/index.html', '<!doctype html>');`;
const FILES = {
  'package.json': JSON.stringify(MANIFEST),
  'tsconfig.json': '{ "compilerOptions": { "noEmitOnError": true }, "include": ["src", "views"] }',
  'src/tools/cli/tta.ts': 'export const answer: number = 42;\n',
  'src/old.ts': 'export {};\n',
  'views/index.ts': 'export {};\n',
  'vite/package.json': '{ "name": "vite", "version": "1.0.0" }',
  'vite/bin/vite.js': WRITE_PAGE,
};
const COMPILING = 'setup: compiling (tsc) …\n';
const BUILDING = `${COMPILING}setup: building the page of Studio (vite) …\n`;
const TTA = 'dist/src/tools/cli/tta.js';
const env = { ...process.env, npm_config_offline: 'true' };

/** A checkout that has been set up. It outlives the single test, so it is not `tempFolder`'s. */
const template = mkdtempSync(join(tmpdir(), 'tta-setup-test-'));
afterAll(() => rmSync(template, { recursive: true, force: true }));
beforeAll(async () => {
  cpSync(join(ROOT, '.ci'), join(template, '.ci'), { recursive: true });
  for (const [path, content] of Object.entries(FILES)) write(template, path, content);
  npmInstall(template, '--package-lock-only');
  expect((await setup(template)).status).toBe(0);
});

function write(folder: string, path: string, content: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

function npmInstall(cwd: string, ...flags: readonly string[]): void {
  execFileSync('npm', ['install', ...flags], { cwd, env, stdio: 'ignore' });
}

/** A copy of the template, without these files and folders. */
function checkout(...without: readonly string[]): string {
  const folder = tempFolder();
  cpSync(template, folder, { recursive: true, verbatimSymlinks: true });
  for (const path of without) rmSync(join(folder, path), { recursive: true });
  return folder;
}

async function setup(folder: string, more: NodeJS.ProcessEnv = {}, flags: readonly string[] = []) {
  const child = spawn(process.execPath, [...flags, join(folder, '.ci/setup.cjs')], {
    env: { ...env, ...more },
    stdio: ['ignore', 'inherit', 'pipe'],
    detached: true,
  });
  const [stderr, [status]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  return { status, stderr };
}

describe('set-up', () => {
  it('installs and compiles a bare checkout, also where npm is told to leave out what builds', async () => {
    const folder = checkout('node_modules', 'dist');
    const told = { NODE_ENV: 'production', npm_config_omit: 'dev', npm_config_dry_run: 'true' };
    const { status, stderr } = await setup(folder, told);
    expect(stderr).toMatch(/^setup: installing .*\n[\s\S]*setup: compiling \(tsc\) …\nsetup: building the page .*\n$/);
    expect(status).toBe(0);
    expect(statSync(join(folder, TTA)).mode & 0o111).toBe(0o111);
    expect(existsSync(join(folder, 'dist/studio/index.html'))).toBe(true);
  });

  it('does nothing, and says nothing, when nothing has changed', async () => {
    const folder = checkout();
    const before = statSync(join(folder, TTA)).ino;
    expect(await setup(folder)).toEqual({ status: 0, stderr: '' });
    expect(statSync(join(folder, TTA)).ino).toBe(before);
  });

  it('does not install after npm install, unless package-lock.json names other versions', async () => {
    const folder = checkout('node_modules');
    npmInstall(folder);
    expect(await setup(folder)).toEqual({ status: 0, stderr: '' });
    const record = join(folder, 'node_modules/.package-lock.json');
    writeFileSync(record, readFileSync(record, 'utf8').replaceAll('"version": "', '"version": "0.'));
    expect((await setup(folder)).stderr).toMatch(/^setup: installing/);
    expect(await setup(folder)).toEqual({ status: 0, stderr: '' });
  });

  it('leaves no output of a source that was deleted', async () => {
    const folder = checkout('src/old.ts');
    expect(await setup(folder)).toEqual({ status: 0, stderr: BUILDING });
    expect(readdirSync(join(folder, 'dist/src'))).toEqual(['tools']);
  });

  it('fails with the errors of the compiler, as long as there are any', async () => {
    const folder = checkout();
    write(folder, 'src/old.ts', "export const broken: number = 'text';\n");
    for (const attempt of [1, 2]) {
      const { status, stderr } = await setup(folder);
      expect(stderr, `attempt ${attempt}`).toMatch(/TS2322[\s\S]*setup: the sources do not compile, see above\n$/);
      expect(status).toBe(1);
    }
    write(folder, 'src/old.ts', 'export const mended = 1;\n');
    expect(await setup(folder)).toEqual({ status: 0, stderr: BUILDING });
  });

  it('fails with what npm says when the lock file is out of step', async () => {
    const folder = checkout('node_modules', 'dist');
    write(folder, 'package.json', JSON.stringify({ ...MANIFEST, dependencies: { 'left-pad': '1.3.0' } }));
    const { status, stderr } = await setup(folder);
    expect(status).toBe(1);
    expect(stderr).toMatch(/left-pad[\s\S]*setup: npm ci failed/);
  });

  it('succeeds in each of several that start at once, and they leave one whole build', async () => {
    const folder = checkout('src/old.ts');
    const ends = await Promise.all([1, 2, 3].map(() => setup(folder)));
    expect(ends.map(({ status }) => status)).toEqual([0, 0, 0]);
    expect(readdirSync(folder).filter((name) => name.includes('dist'))).toEqual(['dist']);
    expect(readdirSync(join(folder, 'dist/src'))).toEqual(['tools']);
    expect(await setup(folder)).toEqual({ status: 0, stderr: '' });
  });

  it('keeps the build that is there when it dies in the middle of the next', async () => {
    const folder = checkout('src/old.ts', 'node_modules/typescript');
    write(folder, 'node_modules/typescript/bin/tsc', 'process.kill(0, "SIGKILL"); // the whole group\n');
    expect(await setup(folder)).toEqual({ status: null, stderr: COMPILING });
    expect(existsSync(join(folder, 'dist/src/old.js'))).toBe(true);
    rmSync(join(folder, 'node_modules/typescript'), { recursive: true });
    symlinkSync(TYPESCRIPT, join(folder, 'node_modules/typescript'));
    expect(await setup(folder)).toEqual({ status: 0, stderr: BUILDING });
  });

  it('says which Node.js it needs before anything else', async () => {
    const folder = checkout('node_modules', 'dist');
    const older = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.18.3' } })";
    const flags = ['--import', `data:text/javascript,${encodeURIComponent(older)}`];
    expect(await setup(folder, {}, flags)).toEqual({
      status: 1,
      stderr: 'tta-primitives needs Node.js 20.19 or newer, this is 20.18.3: see https://nodejs.org/en/download\n',
    });
    expect(existsSync(join(folder, 'node_modules'))).toBe(false);
  });
});
