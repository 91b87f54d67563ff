// Installs the packages of package-lock.json, and compiles. npm runs this before start, test, bench, dashboards and
// pack. If nothing has changed, it takes a tenth of a second.
//
// CommonJS, in syntax that Node.js 8 can read: an old Node.js must be able to print that it is too old.

const { engines } = require('../package.json');

const [major, minor] = /\d+\.\d+/.exec(engines.node)[0].split('.').map(Number);
const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number);
if (ownMajor < major || (ownMajor === major && ownMinor < minor)) {
  console.error(
    `tta-primitives needs Node.js ${major}.${minor} or newer, this is ${process.versions.node}: see https://nodejs.org/en/download`,
  );
  process.exit(1);
}

const { spawnSync } = require('node:child_process');
const { createHash, randomUUID } = require('node:crypto');
const { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

process.chdir(join(__dirname, '..'));
try {
  if (!isInstalled()) install();
  const sources = hashOfSources();
  if (!isBuiltFrom(sources)) build(sources);
} catch (error) {
  console.error(`setup: ${error.message}`);
  process.exitCode = 1;
}

/** Reads npm's own list of node_modules. Only optional packages may be missing: they are for other platforms. */
function isInstalled() {
  if (!existsSync('node_modules/.package-lock.json')) return false;
  const installed = require('../node_modules/.package-lock.json').packages;
  const { '': _project, ...locked } = require('../package-lock.json').packages;
  return Object.keys(locked).every((path) =>
    installed[path] ? installed[path].version === locked[path].version : locked[path].optional,
  );
}

function install() {
  // The flags have priority over NODE_ENV and npm_config_*: `npm pack --dry-run` needs the compiler too.
  run(
    'installing the packages of package-lock.json (npm ci)',
    'npm ci --include=dev --include=optional --include=peer --no-dry-run --no-global --loglevel=error',
    'npm ci failed, see above; usual causes are no connection, a full disk, or another npm ci in this folder',
  );
}

/** The hash is of the contents, not of the times: a copy of the checkout is no change. */
function hashOfSources() {
  const entries = ['src', 'views'].flatMap((room) => readdirSync(room, { recursive: true, withFileTypes: true }));
  const sources = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = [...sources.sort(), 'tsconfig.json', 'package.json', 'package-lock.json'];
  const contents = files.map((file) => [file, readFileSync(file, 'utf8')]);
  return createHash('sha256').update(JSON.stringify(contents)).digest('hex');
}

function isBuiltFrom(sources) {
  return existsSync('dist/.built-from') && readFileSync('dist/.built-from', 'utf8') === sources;
}

/** Compiles into a new folder, which then replaces `dist`: it is always complete, without output of deleted sources. */
function build(sources) {
  const next = `.dist-${randomUUID()}`;
  const previous = `${next}-previous`;
  try {
    const tsc = `"${process.execPath}" node_modules/typescript/bin/tsc --outDir ${next}`;
    run('compiling (tsc)', tsc, 'the sources do not compile, see above');
    const vite = `"${process.execPath}" node_modules/vite/bin/vite.js build --config src/tools/studio/page/vite.config.ts --logLevel warn --outDir "${join(process.cwd(), next, 'studio')}"`;
    run('building the page of Studio (vite)', vite, 'the page cannot be built, see above');
    chmodSync(join(next, 'src/tools/cli/tta.js'), 0o755);
    writeFileSync(join(next, '.built-from'), sources);
    // If another process has built the same sources meanwhile, its `dist` is kept: programs may already run from it.
    if (isBuiltFrom(sources)) return;
    if (existsSync('dist')) renameSync('dist', previous);
    renameSync(next, 'dist');
  } catch (error) {
    if (!isBuiltFrom(sources)) throw error;
  } finally {
    for (const folder of [next, previous]) rmSync(folder, { recursive: true, force: true });
  }
}

function run(what, command, failure) {
  console.error(`setup: ${what} …`);
  // All output goes to stderr: stdout is for the command that npm runs next.
  const { status } = spawnSync(command, { shell: true, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(failure);
}
