/** `.ci/setup.mjs` on a small checkout of its own: the real npm, the real compiler, no network. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tempFolder } from './support/temp-folder.ts';

const ROOT = resolve(import.meta.dirname, '..');
const MANIFEST = {
  name: 'small',
  version: '1.0.0',
  type: 'module',
  devDependencies: { typescript: `file:${join(ROOT, 'node_modules/typescript')}` },
};
const TSCONFIG = {
  compilerOptions: { rootDir: '.', outDir: 'dist', noEmitOnError: true, types: [] },
  include: ['src'],
};

/** Outlives the single test, so it is not `tempFolder`'s. */
const scratch = mkdtempSync(join(tmpdir(), 'tta-setup-test-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let lockFile: string;
beforeAll(() => {
  writeFileSync(join(scratch, 'package.json'), JSON.stringify(MANIFEST));
  execFileSync('npm', ['install', '--package-lock-only', '--offline', '--no-audit'], { cwd: scratch, stdio: 'ignore' });
  lockFile = readFileSync(join(scratch, 'package-lock.json'), 'utf8');
});

function checkout(): string {
  const folder = tempFolder({
    'package.json': JSON.stringify(MANIFEST),
    'package-lock.json': lockFile,
    'tsconfig.json': JSON.stringify(TSCONFIG),
    'src/tools/cli/tta.ts': '#!/usr/bin/env node\nexport const answer: number = 42;\n',
    'src/old.ts': 'export {};\n',
    'views/index.ts': 'export {};\n',
  });
  cpSync(join(ROOT, '.ci'), join(folder, '.ci'), { recursive: true });
  return folder;
}

const env = { ...process.env, npm_config_offline: 'true' };

function setup(folder: string, more: NodeJS.ProcessEnv = {}, flags: string[] = []) {
  const args = [...flags, join(folder, '.ci/setup.mjs'), '--build'];
  const { status, stderr } = spawnSync(process.execPath, args, { env: { ...env, ...more }, encoding: 'utf8' });
  return { status, stderr };
}

/** One that has been set up already. */
function ready(): string {
  const template = join(scratch, 'ready');
  if (!existsSync(template)) {
    const folder = checkout();
    expect(setup(folder).status).toBe(0);
    cpSync(folder, template, { recursive: true, verbatimSymlinks: true });
  }
  const folder = tempFolder();
  cpSync(template, folder, { recursive: true, verbatimSymlinks: true });
  return folder;
}

describe('set-up', () => {
  it('installs and compiles a bare checkout, also where npm is told to leave out what builds', () => {
    const folder = checkout();
    const { status, stderr } = setup(folder, { NODE_ENV: 'production', npm_config_omit: 'dev' });
    expect(stderr).toMatch(/installing.*\n[\s\S]*done in .* s\nsetup: compiling \(tsc\) …\nsetup: done in .* s\n$/);
    expect(status).toBe(0);
    expect(existsSync(join(folder, 'dist/src/tools/cli/tta.js'))).toBe(true);
    expect(statSync(join(folder, 'dist/src/tools/cli/tta.js')).mode & 0o111).toBe(0o111);
  });

  it('does nothing, and says nothing, when nothing has changed', () => {
    const folder = ready();
    const before = statSync(join(folder, 'dist/src/tools/cli/tta.js')).mtimeMs;
    expect(setup(folder)).toEqual({ status: 0, stderr: '' });
    expect(statSync(join(folder, 'dist/src/tools/cli/tta.js')).mtimeMs).toBe(before);
  });

  it('takes what npm install has put there for installed', () => {
    const folder = ready();
    rmSync(join(folder, 'node_modules/.tta-setup'));
    expect(setup(folder)).toEqual({ status: 0, stderr: '' });
    expect(existsSync(join(folder, 'node_modules/.tta-setup'))).toBe(true);
  });

  it('compiles again, from nothing, when a source has changed', () => {
    const folder = ready();
    rmSync(join(folder, 'src/old.ts'));
    const { status, stderr } = setup(folder);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^setup: compiling/);
    expect(existsSync(join(folder, 'dist/src/old.js'))).toBe(false);
  });

  it('fails with the errors of the compiler, as long as there are any', () => {
    const folder = ready();
    writeFileSync(join(folder, 'src/old.ts'), "export const broken: number = 'text';\n");
    for (const attempt of [1, 2]) {
      const { status, stderr } = setup(folder);
      expect(stderr, `attempt ${attempt}`).toMatch(/TS2322[\s\S]*setup: the sources do not compile: see above\n$/);
      expect(status).toBe(1);
    }
    writeFileSync(join(folder, 'src/old.ts'), 'export const mended = 1;\n');
    expect(setup(folder).status).toBe(0);
  });

  it('fails with what npm says when the lock file is out of step', () => {
    const folder = checkout();
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...MANIFEST, dependencies: { 'left-pad': '1.3.0' } }));
    const { status, stderr } = setup(folder);
    expect(status).toBe(1);
    expect(stderr).toMatch(/left-pad[\s\S]*setup: npm ci failed/);
  });

  it('is done by one of several that start at once', async () => {
    const folder = checkout();
    const runs = [1, 2, 3].map(
      () =>
        new Promise<{ code: number | null; said: string }>((done) => {
          const child = spawn(process.execPath, [join(folder, '.ci/setup.mjs'), '--build'], { env, stdio: 'pipe' });
          let said = '';
          child.stderr.on('data', (chunk) => {
            said += chunk;
          });
          child.on('close', (code) => done({ code, said }));
        }),
    );
    const ends = await Promise.all(runs);
    expect(ends.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(ends.filter(({ said }) => said.includes('compiling'))).toHaveLength(1);
    expect(ends.filter(({ said }) => said.includes('waiting for the one that is running')).length).toBeGreaterThan(0);
  });

  it('is not held up by one that died in the middle', async () => {
    const folder = ready();
    rmSync(join(folder, 'dist'), { recursive: true });
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    const { lockOf } = await import(join(folder, '.ci/lock.mjs'));
    const left = lockOf(`${folder}/`);
    mkdirSync(left);
    writeFileSync(join(left, 'pid'), String(dead));
    expect(setup(folder).status).toBe(0);
    expect(existsSync(left)).toBe(false);
  });

  it('says which Node.js it needs before anything else', () => {
    const folder = checkout();
    const older = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.18.3' } })";
    const { status, stderr } = setup(folder, {}, ['--import', `data:text/javascript,${encodeURIComponent(older)}`]);
    expect(stderr).toBe(
      'tta-primitives needs Node.js 20.19 or newer, this is 20.18.3: see https://nodejs.org/en/download\n',
    );
    expect(status).toBe(1);
    expect(existsSync(join(folder, 'node_modules'))).toBe(false);
  });
});
