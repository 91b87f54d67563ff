import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { notInstalled, PEER_VERSIONS, SDK_PEERS } from '../../src/platform/peers.ts';

it('are those of package.json, in the versions that the tests run with', () => {
  expect(Object.keys(PEER_VERSIONS).sort()).toEqual(Object.keys(packageJson.peerDependencies).sort());
  expect(packageJson.devDependencies).toMatchObject(PEER_VERSIONS);
});

it('have a version that package.json allows', () => {
  const refused = Object.entries(packageJson.peerDependencies).filter(([name, range]) => {
    const version = PEER_VERSIONS[name as keyof typeof PEER_VERSIONS];
    if (!range.startsWith('^')) return version !== range;
    const [lowest, ours] = [range.slice(1), version].map((text) => text.split('.').map(Number)) as [number[], number[]];
    const first = [1, 2].find((i) => lowest[i] !== ours[i]) ?? 2;
    return lowest[0] !== ours[0] || Number(ours[first]) < Number(lowest[first]);
  });
  expect(refused).toEqual([]);
});

it('include all packages of the SDK', () => {
  const ofTelemetry = Object.keys(PEER_VERSIONS).filter((name) => name.startsWith('@opentelemetry/'));
  expect([...SDK_PEERS].sort()).toEqual(ofTelemetry.sort());
});

it('are named in the error with the line that installs them, alone or as a set', () => {
  expect(notInstalled('This', ['openai'])).toBe(
    `This needs openai, which is not installed: npm install openai@${PEER_VERSIONS.openai}`,
  );
  expect(notInstalled('This', ['openai', 'protobufjs'])).toMatch(
    /^This needs openai, protobufjs, which are not installed: npm install openai@[\d.]+ protobufjs@[\d.]+$/,
  );
  expect(notInstalled('This', ['openai'], ['openai', 'protobufjs'])).toMatch(
    /^This needs openai, which is not installed\. Install the set that works together: npm install openai@\S+ protobufjs@\S+$/,
  );
});

it('have the same versions in the README, or the first part of them', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const inReadme = Object.entries(PEER_VERSIONS).flatMap(([name, version]) =>
    [...readme.matchAll(new RegExp(`[ \`]${name}@([\\d.]+)`, 'g'))].map(([, written = '']) => ({
      name,
      version,
      written,
    })),
  );
  expect(inReadme.length).toBeGreaterThan(5);
  expect(inReadme.filter(({ version, written }) => !`${version}.`.startsWith(`${written}.`))).toEqual([]);
});
