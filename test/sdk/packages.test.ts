import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { namesOf, type Peer, SDK_2, SDK_3 } from '../../src/platform/peers.ts';
import { endChildren, runModule } from '../support/child.ts';
import { startSink } from '../support/otlp-sink.ts';
import { tempFolder } from '../support/temp-folder.ts';

afterEach(endChildren);

const OF_METRICS = '@opentelemetry/sdk-metrics';

/** The built package with packages beside it. Returns the folder, and how to name a file of the package in an import. */
function installWith(packages: readonly Peer[]): { readonly folder: string; entry(name: string): string } {
  const folder = tempFolder({ 'package.json': '{ "type": "module" }' });
  for (const room of ['src', 'views']) cpSync(join('dist', room), join(folder, 'dist', room), { recursive: true });
  for (const name of [...packages, 'lru-cache', '@pydantic/genai-prices']) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(resolve('node_modules', name), link);
  }
  return { folder, entry: (name) => pathToFileURL(join(folder, 'dist/src/sdk', name)).href };
}

const installWithout = (missing: string) => installWith(namesOf(SDK_2).filter((name) => name !== missing));

/** A package that is only its package.json and an empty entry. */
function plant(folder: string, name: string, version: string): void {
  const home = join(folder, 'node_modules', name);
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'package.json'), JSON.stringify({ name, version, main: 'index.js' }));
  writeFileSync(join(home, 'index.js'), '');
}

const tellError = (entry: string) =>
  `import { register } from '${entry}'; await register().catch((error) => console.log('ERROR ' + error.message));`;

// The packages find each other in this folder only, as in a real project: some of them need the missing one.
const alone = { flags: ['--preserve-symlinks'] };

describe('a package of the SDK', () => {
  it.each(namesOf(SDK_2).filter((name) => name !== '@opentelemetry/api'))(
    '%s that is not installed is named, with the line that installs the set',
    async (missing) => {
      const { entry } = installWithout(missing);
      const message = await runModule(tellError(entry('index.js')), alone).says('ERROR ');
      expect(message).toContain(`register needs ${missing}, which is not installed`);
      for (const [name, version] of Object.entries(SDK_2)) expect(message).toContain(` ${name}@${version}`);
      const flags = ['--import', entry('register-on-load.js')];
      const loaded = await runModule(`console.log('STARTED');`, { flags }).exited;
      expect(loaded).toMatchObject({ code: 1, stdout: '' });
      expect(loaded.stderr).toContain(`needs ${missing}`);
    },
  );

  it.each([
    ['does not parse', 'const = 1;', /^Unexpected token/],
    ['misses a dependency of its own', "require('not-there');", /^Cannot find module 'not-there'/],
  ])('that %s says so itself', async (_, content, words) => {
    const { folder, entry } = installWithout(OF_METRICS);
    mkdirSync(join(folder, 'node_modules', OF_METRICS));
    writeFileSync(join(folder, 'node_modules', OF_METRICS, 'index.js'), content);
    expect(await runModule(tellError(entry('index.js'))).says('ERROR ')).toMatch(words);
  });

  it('that is too old is named with its version and the range', async () => {
    const { folder, entry } = installWithout(OF_METRICS);
    plant(folder, OF_METRICS, '1.30.1');
    const message = await runModule(tellError(entry('index.js'))).says('ERROR ');
    expect(message).toContain(`register needs ${OF_METRICS} >=2.0.0 <4, and 1.30.1 is installed`);
    expect(message).toContain(`npm install @opentelemetry/api@${SDK_2['@opentelemetry/api']}`);
  });

  it('of another line than the rest is named with its version', async () => {
    const { folder, entry } = installWithout(OF_METRICS);
    plant(folder, OF_METRICS, '3.1.0');
    const message = await runModule(tellError(entry('index.js'))).says('ERROR ');
    expect(message).toMatch(/needs an SDK of one line, .+exporter-prometheus 0\.2\d\d\.\d.+sdk-metrics 3\.1\.0/);
  });
});

describe('an SDK without sdk-trace-node, as in the 3.x line', () => {
  it('traces, propagates and counts with sdk-trace', async () => {
    const { entry } = installWith(namesOf(SDK_3));
    const sink = await startSink();
    const child = runModule(
      `import { register } from '${entry('index.js')}';
       import { inject, sequential, task } from '${entry('../index.js')}';
       const sdk = await register({ prometheus: false });
       const inner = task('inner', async (_, context) => { await null; return inject(context, {}).traceparent; });
       const outer = task('outer', () => inner.execute());
       console.log('PARENT ' + await outer.execute());
       console.log('COUNT ' + (await sdk.metrics()).match(/primitive_executions_total\\{(?=.*name="inner")(?=.*status="success").* (\\d)/)[1]);`,
      { env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url } },
    );
    expect(await child.says('PARENT ')).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-01$/);
    expect(await child.says('COUNT ')).toBe('1');
    expect(await child.exited).toMatchObject({ code: 0, stderr: '' });
    expect(sink.spans.map(({ name }) => name).sort()).toEqual(['task inner', 'task outer']);
    await sink.stop();
  });
});
