import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { importError, isMissing, missingAmong } from '../../src/platform/optional.ts';
import { endChildren, runModule } from '../support/child.ts';
import { tempFolder } from '../support/temp-folder.ts';

afterEach(endChildren);

const manifest = (fields: object) => JSON.stringify({ name: 'openai', main: './index.js', ...fields });

/** States of the installed package `openai`: the files that exist. */
const INSTALLED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'is missing': {},
  'misses a dependency': {
    'package.json': manifest({}),
    'index.js': "module.exports = require('ioredis');",
    'index.mjs': "import 'ioredis';",
  },
  'misses a package of its own scope': {
    'package.json': manifest({}),
    'index.js': "module.exports = require('openai-core');",
    'index.mjs': "import 'openai-core';",
  },
  'has lost its main file': { 'package.json': manifest({}) },
  'has lost a file': {
    'package.json': manifest({}),
    'index.js': "module.exports = require('./lost.js');",
    'index.mjs': "import './lost.mjs';",
  },
  'has a manifest that is not JSON': { 'package.json': '{' },
  'does not parse': { 'package.json': manifest({}), 'index.js': 'const = 1;', 'index.mjs': 'const = 1;' },
  'throws when it is loaded': {
    'package.json': manifest({}),
    'index.js': "throw new Error('too old');",
    'index.mjs': "throw new Error('too old');",
  },
};

const states = Object.keys(INSTALLED).map((state) => [state, state === 'is missing'] as const);

/** Creates the folder of a project with a program and the package in this state, and returns its path. */
function projectWith(state: string, format: 'module' | 'commonjs', program = ''): string {
  const entries = Object.entries(INSTALLED[state] ?? {}).map(([name, content]) => {
    const main = format === 'module' ? content.replace('./index.js', './index.mjs') : content;
    return [`node_modules/openai/${name}`, main] as const;
  });
  return tempFolder({ 'program.mjs': program, ...Object.fromEntries(entries) });
}

function failureOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

describe('a package that cannot be loaded', () => {
  it.each(states)('by require, because it %s: isMissing is %s', (state, missing) => {
    const require = createRequire(join(projectWith(state, 'commonjs'), 'program.js'));
    expect(
      isMissing(
        'openai',
        failureOf(() => require('openai')),
      ),
    ).toBe(missing);
  });

  it.each(states)('by import, because it %s: isMissing is %s', async (state, missing) => {
    const optional = pathToFileURL(resolve('dist/src/platform/optional.js')).href;
    const program = `
      import { importError } from '${optional}';
      const thrown = await import('openai').catch((error) => error);
      const error = importError('The program', ['openai'], thrown);
      export default { missing: error !== thrown, sameCause: error.cause === thrown, message: error.message };`;
    const url = pathToFileURL(join(projectWith(state, 'module', program), 'program.mjs')).href;
    const output = await runModule(`console.log('RESULT ' + JSON.stringify((await import('${url}')).default));`).says(
      'RESULT ',
    );
    const sentence = /^The program needs openai, which is not installed: npm install openai@[\d.]+$/;
    expect(JSON.parse(output)).toMatchObject({ missing, ...(missing ? { sameCause: true } : {}) });
    if (missing) expect(JSON.parse(output).message).toMatch(sentence);
  });

  it('is missing only when the message has its own name, with or without a path', () => {
    const failure = (message: string, code = 'MODULE_NOT_FOUND') => Object.assign(new Error(message), { code });
    expect(isMissing('openai', failure("Cannot find module 'openai/streaming'\nRequire stack:\n- a.js"))).toBe(true);
    expect(isMissing('openai', failure("Cannot find module 'openai-core'"))).toBe(false);
    expect(isMissing('openai', failure("Cannot find module 'openai'", 'EACCES'))).toBe(false);
    const plugAndPlay = (name: string) =>
      failure(
        `tta-primitives tried to access ${name} (a peer dependency) but it isn't provided by your application; this makes ` +
          `the require call ambiguous and unsound.\n\nRequired package: ${name}\nRequired by: tta-primitives@virtual:1`,
      );
    expect(isMissing('openai', plugAndPlay('openai'))).toBe(true);
    expect(isMissing('openai', plugAndPlay('openai (via "openai/streaming")'))).toBe(true);
    expect(isMissing('openai', plugAndPlay('openai-core'))).toBe(false);
    for (const odd of [undefined, null, 'openai', { code: 'MODULE_NOT_FOUND' }])
      expect(isMissing('openai', odd)).toBe(false);
  });
});

describe('missingAmong', () => {
  it('finds the missing packages without loading any', () => {
    const folder = tempFolder({
      'node_modules/openai/index.js': "throw new Error('loaded');",
      'node_modules/ioredis/index.js': '',
    });
    const require = createRequire(join(folder, 'program.js'));
    const names = ['openai', 'gpt-tokenizer', 'ioredis', '@opentelemetry/resources'];
    const missing = missingAmong(names, (name) => require.resolve(name));
    expect(missing).toEqual(['gpt-tokenizer', '@opentelemetry/resources']);
  });

  it('throws the error of a broken package unchanged', () => {
    const require = createRequire(join(projectWith('has a manifest that is not JSON', 'commonjs'), 'program.js'));
    expect(() => missingAmong(['openai'], (name) => require.resolve(name))).toThrow(/JSON|package config/);
  });
});

it('importError names the one of several packages that is missing', () => {
  const missing = Object.assign(new Error("Cannot find package 'ioredis' imported from /a.mjs"), {
    code: 'ERR_MODULE_NOT_FOUND',
  });
  const error = importError('This', ['openai', 'ioredis'], missing);
  expect(error).toMatchObject({ message: expect.stringMatching(/^This needs ioredis, which is not/), cause: missing });
});
