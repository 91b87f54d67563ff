import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { REMEDY } from '../../../src/tools/doctor/remedies.ts';
import { checkVersions } from '../../../src/tools/doctor/versions.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const API = '@opentelemetry/api';
const manifest = (version: string) => JSON.stringify({ version });

async function check(packages: Readonly<Record<string, string>>, more: { node?: string; below?: string } = {}) {
  const files = Object.entries(packages).map(([path, version]) => [`${path}/package.json`, manifest(version)]);
  const folder = tempFolder(Object.fromEntries(files));
  const [node, peers, copies] = await checkVersions({
    folder: join(folder, more.below ?? ''),
    node: more.node ?? 'v20.20.2',
    engine: '>=20.19',
    peers: { [API]: '^1.9.0', '@opentelemetry/sdk-metrics': '2.12.0', openai: '^6.49.0' },
  });
  return { folder, node, peers, copies };
}

describe('the versions', () => {
  it('are ok when the right ones are installed once, also for a program in a folder below', async () => {
    const { node, peers, copies } = await check(
      { [`node_modules/${API}`]: '1.9.1', 'node_modules/@opentelemetry/sdk-metrics': '2.12.0', src: '0.0.0' },
      { below: 'src' },
    );
    expect([node, peers, copies].map((finding) => finding?.verdict)).toEqual(['ok', 'ok', 'ok']);
    expect(peers?.detail).toBe('2 packages have the right version');
  });

  it('are a failure when Node.js is too old', async () => {
    const { node } = await check({}, { node: 'v18.20.0' });
    expect(node).toMatchObject({ verdict: 'failure', remedy: REMEDY.oldNode });
    expect(node?.detail).toBe('Node.js v18.20.0, but >=20.19 is needed');
  });

  it('are a failure when a package has another version, or the API is missing', async () => {
    const { peers } = await check({
      'node_modules/@opentelemetry/sdk-metrics': '2.12.1',
      'node_modules/openai': '5.0.0',
    });
    expect(peers).toMatchObject({ verdict: 'failure', remedy: REMEDY.peers });
    expect(peers?.detail).toBe(
      `${API} is missing; @opentelemetry/sdk-metrics is 2.12.1, not 2.12.0; openai is 5.0.0, not ^6.49.0`,
    );
  });

  it('are skipped when no package is installed', async () => {
    expect((await check({})).peers).toMatchObject({ verdict: 'skipped' });
  });

  it('are a failure when two minor versions of the API are installed, and a warning when one is installed twice', async () => {
    const nested = `node_modules/other/node_modules/${API}`;
    const two = await check({ [`node_modules/${API}`]: '1.9.1', 'node_modules/other': '1.0.0', [nested]: '1.4.0' });
    expect(two.copies).toMatchObject({ verdict: 'failure', remedy: REMEDY.duplicates });
    expect(two.copies?.detail).toContain(
      `1.9.1 in ${two.folder}/node_modules/${API} and 1.4.0 in ${two.folder}/${nested}`,
    );
    const same = await check({
      [`node_modules/${API}`]: '1.9.1',
      'node_modules/@x/y': '1.0.0',
      [`node_modules/@x/y/node_modules/${API}`]: '1.9.1',
    });
    expect(same.copies).toMatchObject({ verdict: 'warning' });
    const patched = await check({ [`node_modules/${API}`]: '1.9.1', 'node_modules/other': '1.0.0', [nested]: '1.9.0' });
    expect(patched.copies).toMatchObject({ verdict: 'warning' });
  });

  it('are right with two copies of the SDK, as the exporter brings one of its own', async () => {
    const metrics = '@opentelemetry/sdk-metrics';
    const exporter = 'node_modules/@opentelemetry/exporter-prometheus';
    const { copies } = await check({
      [`node_modules/${metrics}`]: '2.12.1',
      [exporter]: '0.223.0',
      [`${exporter}/node_modules/${metrics}`]: '2.12.0',
    });
    expect(copies?.verdict).toBe('ok');
  });

  it('count a package with two links once, as in the store of pnpm, and end in a circle of links', async () => {
    const store = `node_modules/.pnpm/api@1.9.1/node_modules/${API}`;
    const { folder } = await check({ [store]: '1.9.1', 'node_modules/@opentelemetry/other': '1.0.0' });
    symlinkSync(join(folder, store), join(folder, 'node_modules', API));
    symlinkSync(join(folder, 'node_modules'), join(folder, store, 'node_modules'));
    const [, , copies] = await checkVersions({ folder, node: 'v20.20.2', engine: '>=20.19', peers: {} });
    expect(copies?.verdict).toBe('ok');
  });
});
