import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { SDK_VERSIONS } from '../../src/sdk/packages.ts';
import { ENTRY, endChildren, runModule } from '../support/child.ts';

afterEach(endChildren);

describe('a package of the SDK that is not installed', () => {
  const names = Object.keys(SDK_VERSIONS).filter((name) => name !== '@opentelemetry/api');

  /** The built package with every package of the SDK beside it but one. */
  async function installWithout(missing: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'tta-sdk-'));
    await cp(resolve(fileURLToPath(ENTRY.main), '../../..', 'dist'), join(folder, 'dist'), { recursive: true });
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    for (const name of Object.keys(SDK_VERSIONS).filter((each) => each !== missing)) {
      const link = join(folder, 'node_modules', name);
      await mkdir(dirname(link), { recursive: true });
      await symlink(resolve('node_modules', name), link);
    }
    return folder;
  }

  it.each(names)('%s is named, with the line that installs the set', async (missing) => {
    const folder = await installWithout(missing);
    const entry = (name: string) => pathToFileURL(join(folder, 'dist/src/sdk', name)).href;
    const program = `import { register } from '${entry('index.js')}'; await register().catch((error) => console.log('ERROR ' + error.message));`;
    const message = await runModule(program).says('ERROR ');
    expect(message).toContain(`needs ${missing}, which is not installed`);
    for (const [name, version] of Object.entries(SDK_VERSIONS)) expect(message).toContain(` ${name}@${version}`);
    const flags = ['--import', entry('register-on-load.js')];
    const loaded = await runModule(`console.log('STARTED');`, { flags }).exited;
    expect(loaded).toMatchObject({ code: 1, stdout: '' });
    expect(loaded.stderr).toContain(`needs ${missing}`);
    await rm(folder, { recursive: true });
  });

  it('would be installed in the version that this package pins', () => {
    const { '@opentelemetry/api': api, ...sdk } = SDK_VERSIONS;
    expect(packageJson.peerDependencies).toMatchObject(sdk);
    expect(packageJson.devDependencies).toMatchObject({ '@opentelemetry/api': api });
    const peers = Object.keys(packageJson.peerDependencies).filter((name) => name.startsWith('@opentelemetry/'));
    expect(Object.keys(SDK_VERSIONS).sort()).toEqual(peers.sort());
  });
});
