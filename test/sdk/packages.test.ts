import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { PEER_VERSIONS, SDK_PEERS } from '../../src/platform/peers.ts';
import { endChildren, runModule } from '../support/child.ts';
import { tempFolder } from '../support/temp-folder.ts';

afterEach(endChildren);

const PACKAGES = SDK_PEERS.filter((name) => name !== '@opentelemetry/api');
const OF_METRICS = '@opentelemetry/sdk-metrics';

/** The built package with the SDK beside it, but for one package. Returns how to name a file of it in an import. */
function installWithout(missing: string): { readonly folder: string; entry(name: string): string } {
  const folder = tempFolder({ 'package.json': '{ "type": "module" }' });
  for (const room of ['src', 'views']) cpSync(join('dist', room), join(folder, 'dist', room), { recursive: true });
  for (const name of SDK_PEERS.filter((each) => each !== missing)) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(resolve('node_modules', name), link);
  }
  return { folder, entry: (name) => pathToFileURL(join(folder, 'dist/src/sdk', name)).href };
}

const tellError = (entry: string) =>
  `import { register } from '${entry}'; await register().catch((error) => console.log('ERROR ' + error.message));`;

describe('a package of the SDK', () => {
  it.each(PACKAGES)('%s that is not installed is named, with the line that installs the set', async (missing) => {
    const { entry } = installWithout(missing);
    // The packages find each other in this folder only, as in a real project: some of them need the missing one.
    const message = await runModule(tellError(entry('index.js')), { flags: ['--preserve-symlinks'] }).says('ERROR ');
    expect(message).toContain(`register needs ${missing}, which is not installed`);
    for (const name of SDK_PEERS) expect(message).toContain(` ${name}@${PEER_VERSIONS[name]}`);
    const flags = ['--import', entry('register-on-load.js')];
    const loaded = await runModule(`console.log('STARTED');`, { flags }).exited;
    expect(loaded).toMatchObject({ code: 1, stdout: '' });
    expect(loaded.stderr).toContain(`needs ${missing}`);
  });

  it.each([
    ['does not parse', 'const = 1;', /^Unexpected token/],
    ['misses a dependency of its own', "require('not-there');", /^Cannot find module 'not-there'/],
  ])('that %s says so itself', async (_, content, words) => {
    const { folder, entry } = installWithout(OF_METRICS);
    mkdirSync(join(folder, 'node_modules', OF_METRICS));
    writeFileSync(join(folder, 'node_modules', OF_METRICS, 'index.js'), content);
    expect(await runModule(tellError(entry('index.js'))).says('ERROR ')).toMatch(words);
  });
});
