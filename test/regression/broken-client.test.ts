/** An `openai` package that was installed but broken was told as one that is missing, with its own error hidden. */
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { endChildren, runModule } from '../support/child.ts';
import { tempFolder } from '../support/temp-folder.ts';

afterEach(endChildren);

it.each([
  ['does not parse', 'const = 1;', /^SyntaxError: Unexpected token/],
  ['misses a package of its own', "import 'not-there';", /^Error: Cannot find package 'not-there'/],
  ['refuses this Node.js', "throw new Error('too old');", /^Error: too old$/],
])('a client that %s says so itself at the first call', async (_, client, words) => {
  const folder = tempFolder({
    'package.json': '{ "type": "module" }',
    'node_modules/openai/package.json': '{ "name": "openai", "type": "module", "main": "index.js" }',
    'node_modules/openai/index.js': client,
  });
  cpSync('dist/src', join(folder, 'dist/src'), { recursive: true });
  for (const name of ['@opentelemetry/api', '@pydantic/genai-prices', 'lru-cache']) {
    mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true });
    symlinkSync(resolve('node_modules', name), join(folder, 'node_modules', name));
  }
  const child = runModule(`
    import { llm, openAICompatible } from '${pathToFileURL(join(folder, 'dist/src/index.js')).href}';
    const ask = llm(openAICompatible({ model: 'any', baseURL: 'http://127.0.0.1:9/v1' }));
    await ask.execute('hello').catch((error) => console.log('ERROR ' + error.name + ': ' + error.message));`);
  expect(await child.says('ERROR ')).toMatch(words);
});
