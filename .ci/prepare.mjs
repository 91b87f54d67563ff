import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './lock.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const at = (...path) => join(root, ...path);

/** A step is done while its stamp, which lies in what it made and is lost with it, holds the fingerprint of what it is made from. */
const steps = {
  install: {
    stamp: at('node_modules', '.tta-setup'),
    fingerprint: dependencies,
    ready: installedByHand,
    make: install,
  },
  build: { stamp: at('dist', '.tta-build'), fingerprint: sources, ready: () => false, make: compile },
};

/** Runs the steps that are due, one process at a time; sets the exit code when one fails. */
export async function prepare({ build }) {
  const wanted = build ? [steps.install, steps.build] : [steps.install];
  if (wanted.every(isDone)) return;
  await withLock(root, () => {
    for (const step of wanted) {
      // Whoever held the lock before us may have done it.
      if (isDone(step)) continue;
      const fingerprint = step.fingerprint();
      if (!step.ready() && !step.make()) {
        process.exitCode = 1;
        return;
      }
      // Read before the work began: what changed meanwhile is due again next time.
      writeFileSync(step.stamp, fingerprint);
    }
  });
}

function isDone({ stamp, fingerprint }) {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint();
}

function hash(...parts) {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** What is installed depends on the lock file, on the dependencies asked for, and on the platform. */
function dependencies() {
  const { dependencies, devDependencies, optionalDependencies, peerDependencies, overrides } = readJson(
    at('package.json'),
  );
  const asked = [dependencies, devDependencies, optionalDependencies, peerDependencies, overrides];
  return hash(asked, readFileSync(at('package-lock.json'), 'utf8'), process.platform, process.arch);
}

/** Whether npm's own record says that all of the lock file is there already, as after `npm install`. */
function installedByHand() {
  const record = at('node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = readJson(record).packages;
  const { '': asked, ...locked } = readJson(at('package-lock.json')).packages;
  const manifest = readJson(at('package.json'));
  const sameAsked = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'].every(
    (kind) => JSON.stringify(sorted(asked[kind])) === JSON.stringify(sorted(manifest[kind])),
  );
  return (
    sameAsked &&
    Object.entries(locked).every(([path, { version, optional }]) =>
      installed[path] === undefined ? optional : installed[path].version === version,
    )
  );
}

function sorted(entries = {}) {
  return Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The contents, not the times: a copy or another branch and back is no change. */
function sources() {
  const files = ['src', 'views'].flatMap((folder) =>
    readdirSync(at(folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  const all = [...files, at('tsconfig.json'), at('package.json'), at('package-lock.json')].sort();
  return hash(all.map((file) => [relative(root, file), readFileSync(file, 'utf8')]));
}

function install() {
  // The tools that build and test are wanted whatever npm was told for the rest of the machine.
  const env = { ...process.env };
  for (const name of Object.keys(env)) {
    if (/^(?:NODE_ENV|npm_config_(?:omit|include|production|only|dev|optional|global|dry_run))$/i.test(name))
      delete env[name];
  }
  const npm = /\.[cm]?js$/.test(env.npm_execpath ?? '') ? [process.execPath, env.npm_execpath] : ['npm'];
  const args = [
    'ci',
    '--include=dev',
    '--include=optional',
    '--include=peer',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  return run('installing the packages of package-lock.json (npm ci)', [...npm, ...args], {
    env,
    failed: 'npm ci failed: see above; a registry out of reach and a full disk are the usual reasons',
  });
}

function compile() {
  rmSync(at('dist'), { recursive: true, force: true });
  const built = run('compiling (tsc)', [process.execPath, at('node_modules', 'typescript', 'bin', 'tsc')], {
    env: process.env,
    failed: 'the sources do not compile: see above',
  });
  // npm makes it executable where it installs the package; here nobody else does.
  if (built) chmodSync(at('dist', 'src', 'tools', 'cli', 'tta.js'), 0o755);
  return built;
}

function run(what, [command, ...args], { env, failed }) {
  const start = process.hrtime.bigint();
  console.error(`setup: ${what} …`);
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    env,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32' && command === 'npm',
  });
  if (status !== 0) {
    console.error(`setup: ${failed}${error ? ` (${error.message})` : ''}`);
    return false;
  }
  console.error(`setup: done in ${(Number(process.hrtime.bigint() - start) / 1e9).toFixed(1)} s`);
  return true;
}
