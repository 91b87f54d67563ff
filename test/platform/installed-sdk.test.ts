import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { findSdk, requireFitting } from '../../src/platform/installed-sdk.ts';
import { SDK_2, SDK_3, type Versions } from '../../src/platform/peers.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** How a program resolves in a project that has these packages. */
function projectWith(packages: Versions) {
  const files = Object.entries(packages).flatMap(([name, version]) => [
    [`node_modules/${name}/package.json`, JSON.stringify({ name, version, exports: { '.': './dist/index.js' } })],
    [`node_modules/${name}/dist/index.js`, ''],
    [`node_modules/${name}/dist/package.json`, '{ "type": "commonjs" }'],
  ]);
  return createRequire(join(tempFolder(Object.fromEntries(files)), 'program.js')).resolve;
}

function without(set: Versions, name: keyof Versions): Versions {
  const { [name]: _, ...others } = set;
  return others;
}

describe('the SDK that is installed', () => {
  it.each([
    ['2.x', SDK_2, SDK_2],
    ['3.x', SDK_3, SDK_3],
    ['3.x beside an old sdk-trace-node', { ...SDK_3, '@opentelemetry/sdk-trace-node': '2.12.0' }, SDK_3],
    ['2.x beside the packages that it brings', { ...SDK_3, ...SDK_2 }, SDK_2],
    ['2.x that was forced on the API of 3.x', { ...SDK_2, '@opentelemetry/api': '1.10.0' }, SDK_2],
    ['3.x that was forced on the API of 2.x', { ...SDK_3, '@opentelemetry/api': '1.9.1' }, SDK_3],
  ])('is found whole: %s', (_, installed, set) => {
    const resolve = projectWith(installed);
    expect(findSdk(resolve)).toEqual({ set, missing: [] });
    expect(findSdk((name) => pathToFileURL(resolve(name)).href)).toEqual({ set, missing: [] });
  });

  it.each([
    ['2.x', SDK_2],
    ['3.x', SDK_3],
  ])('misses the package that is not there: %s', (_, set) => {
    expect(findSdk(projectWith(without(set, '@opentelemetry/resources')))).toEqual({
      set,
      missing: ['@opentelemetry/resources'],
    });
  });

  it('is of 2.x where there is none', () => {
    expect(findSdk(projectWith({})).set).toBe(SDK_2);
  });
});

describe('versions', () => {
  it.each([
    ['the tested 2.x', SDK_2, SDK_2],
    ['the first 2.x', { ...SDK_2, '@opentelemetry/api': '1.9.0', '@opentelemetry/sdk-metrics': '2.0.0' }, SDK_2],
    ['a mended 2.x', { ...SDK_2, '@opentelemetry/sdk-metrics': '2.12.1' }, SDK_2],
    ['3.x', SDK_3, SDK_3],
  ])('fit: %s', (_, installed, set) => {
    expect(() => requireFitting('register', set, projectWith(installed))).not.toThrow();
  });

  it.each([
    ['too old', '1.30.1', 'register needs @opentelemetry/sdk-metrics >=2.0.0 <4, and 1.30.1 is installed. Install'],
    ['too new', '4.0.0', 'register needs @opentelemetry/sdk-metrics >=2.0.0 <4, and 4.0.0 is installed. Install'],
    ['of another line', '3.1.0', '@opentelemetry/sdk-metrics 3.1.0'],
  ])('do not fit: one is %s', (_, version, words) => {
    const installed = { ...SDK_2, '@opentelemetry/sdk-metrics': version };
    const check = () => requireFitting('register', SDK_2, projectWith(installed));
    expect(check).toThrow(words);
    expect(check).toThrow(`npm install @opentelemetry/api@${SDK_2['@opentelemetry/api']} `);
  });
});
