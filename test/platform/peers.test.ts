import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { namesOf, notInstalled, PEERS, SDK_2, SDK_3 } from '../../src/platform/peers.ts';
import { fits } from '../../src/platform/version-range.ts';

const peers = Object.entries(PEERS).map(([name, peer]) => ({ name, ...peer }));

/** An SDK of the 1.x line, which many packages bring, must not forbid the installation: the primitives need no SDK. */
const besideLine1 = (range: string) => range.replace('>=2.0.0 <4', '>=1.0.0 <4').replace('>=0.200.0 <', '>=0.25.0 <');

it('are those of package.json, with the ranges there, in the versions that the tests run with', () => {
  const ranges = Object.fromEntries(peers.map(({ name, range }) => [name, besideLine1(range)]));
  expect(ranges).toEqual(packageJson.peerDependencies);
  expect(packageJson.devDependencies).toMatchObject(
    Object.fromEntries(peers.map(({ name, tested }) => [name, tested])),
  );
});

it('have a tested version that their range allows', () => {
  expect(peers.filter(({ tested, range }) => !fits(tested, range))).toEqual([]);
  for (const set of [SDK_2, SDK_3]) {
    for (const name of namesOf(set)) expect(fits(set[name] ?? '', PEERS[name].range)).toBe(true);
  }
});

it('are named in the error with the line that installs them, alone or as a set', () => {
  expect(notInstalled('This', ['openai'])).toBe(
    `This needs openai, which is not installed: npm install openai@${PEERS.openai.tested}`,
  );
  expect(notInstalled('This', ['openai', 'ioredis'])).toMatch(
    /^This needs openai, ioredis, which are not installed: npm install openai@[\d.]+ ioredis@[\d.]+$/,
  );
  expect(notInstalled('This', ['openai'], { openai: '6.0.0', ioredis: '6.0.0' })).toMatch(
    /^This needs openai, which is not installed\. Install the set that works together: npm install openai@\S+ ioredis@\S+$/,
  );
});

it('have the same versions in the README, for either line of the SDK, or the first part of them', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const inReadme = peers.flatMap(({ name, tested: version }) =>
    [...readme.matchAll(new RegExp(`[ \`]${name}@([\\d.]+)`, 'g'))].map(([, written = '']) => ({
      name,
      version,
      written,
    })),
  );
  expect(inReadme.length).toBeGreaterThan(5);
  const line3: Readonly<Record<string, string | undefined>> = SDK_3;
  const isWritten = (version: string | undefined, written: string) => `${version}.`.startsWith(`${written}.`);
  const wrong = inReadme.filter(
    ({ name, version, written }) => !isWritten(version, written) && !isWritten(line3[name], written),
  );
  expect(wrong).toEqual([]);
});
