import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');

/** The compiled programs run in a folder with the dependencies alone, so that the optional packages are missing. */
describe('offline model and Studio, compiled and alone', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tta-alone-'));
    const compilerOptions = {
      rootDir: root,
      outDir: folder,
      noEmitOnError: false,
      declaration: false,
      declarationMap: false,
    };
    const types = { typeRoots: [join(root, 'node_modules/@types')] };
    const include = ['offline-model', 'studio'].map((room) => join(root, 'src/tools', room));
    const config = { extends: join(root, 'tsconfig.json'), compilerOptions: { ...compilerOptions, ...types }, include };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    const manifest = await readFile(join(root, 'package.json'), 'utf8');
    const { dependencies } = JSON.parse(manifest) as { readonly dependencies: object };
    for (const name of Object.keys(dependencies)) {
      const path = join(folder, 'node_modules', name);
      await mkdir(dirname(path), { recursive: true });
      await symlink(join(root, 'node_modules', name), path);
    }
    await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder]);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const script = (source: string) =>
    run(process.execPath, ['--input-type=module', '-e', source], { cwd: folder, timeout: 20_000 });

  it('estimates tokens when the tokenizer is missing, and says that it does', async () => {
    const { stdout } = await script(`
      import { startModelServer } from './src/tools/offline-model/model-server.js';
      const { baseURL, exactTokens } = await startModelServer();
      const body = JSON.stringify({ model: 'offline-small', messages: [{ role: 'user', content: 'The kettle boils water for tea.' }] });
      const { usage } = await (await fetch(baseURL + '/chat/completions', { method: 'POST', body })).json();
      console.log(exactTokens, usage.prompt_tokens, usage.completion_tokens);`);
    expect(stdout).toMatch(/^false 1[3-7] [78]\n$/);
  });

  it('does not keep the process alive, even with an open connection and without close()', async () => {
    const { stdout } = await script(`
      import { connect } from 'node:net';
      import { startStudio } from './src/tools/studio/studio.js';
      const { url } = await startStudio({ port: 0 });
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      socket.write('GET /api/runs HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n');
      socket.once('data', () => { console.log('answered'); socket.unref(); });`);
    expect(stdout).toBe('answered\n');
  });
});
