import { type Finding, failure, ok, skipped, warning } from './finding.ts';
import { findCopies, findPackage } from './installed.ts';
import { REMEDY } from './remedies.ts';

export interface VersionsQuestion {
  /** Of the program that is observed. */
  readonly folder: string;
  /** `process.version` or its like. */
  readonly node: string;
  /** As in package.json: `>=20.19`. */
  readonly engine: string;
  /** As in package.json: `^1.9.0` or `2.12.0`. */
  readonly peers: Readonly<Record<string, string>>;
}

const API = '@opentelemetry/api';
const SINGLE = [API, '@opentelemetry/sdk-metrics', 'tta-primitives'];

export async function examineVersions({ folder, node, engine, peers }: VersionsQuestion): Promise<Finding[]> {
  const nodeFits = fits(node.replace(/^v/, ''), engine);
  const runtime = nodeFits
    ? ok('node', `Node.js ${node}`)
    : failure('node', `Node.js ${node}, where ${engine} is needed`, REMEDY.oldNode);
  return [runtime, await peerVersions(folder, peers), await copies(folder)];
}

async function peerVersions(folder: string, peers: Readonly<Record<string, string>>): Promise<Finding> {
  const all = await Promise.all(
    Object.entries(peers).map(async ([name, range]) => ({ name, range, copy: await findPackage(folder, name) })),
  );
  if (all.every(({ copy }) => copy === undefined)) return skipped('packages', `${folder} has none of them installed`);
  const wrong = all.flatMap(({ name, range, copy }) => {
    if (copy === undefined) return name === API ? `${name} is missing` : [];
    return fits(copy.version, range) ? [] : `${name} is ${copy.version}, not ${range}`;
  });
  return wrong.length > 0
    ? failure('packages', wrong.join('; '), REMEDY.peers)
    : ok('packages', `${all.filter(({ copy }) => copy !== undefined).length} packages have the versions that fit`);
}

async function copies(folder: string): Promise<Finding> {
  const several = [...(await findCopies(folder, SINGLE))].filter(([, found]) => found.length > 1);
  if (several.length === 0) return ok('copies', 'No package is there twice that must be there once');
  const list = several.map(
    ([name, found]) => `${name} ${found.map((copy) => `${copy.version} in ${copy.folder}`).join(' and ')}`,
  );
  // Copies of one version find each other; of two versions, the newer one finds nothing.
  const differ = several.some(([, found]) => new Set(found.map(({ version }) => version)).size > 1);
  return (differ ? failure : warning)('copies', list.join('; '), REMEDY.duplicates);
}

/** For what our own package.json says: `1.2.3`, `^1.2.3` and `>=1.2`. A prerelease counts as its release. */
export function fits(version: string, range: string): boolean {
  const numbers = (text: string) => (/\d+(?:\.\d+)*/.exec(text)?.[0] ?? '').split('.').map(Number);
  const [have, want] = [numbers(version), numbers(range)];
  const order = [0, 1, 2].map((i) => (have[i] ?? 0) - (want[i] ?? 0)).find((difference) => difference !== 0) ?? 0;
  if (range.startsWith('>=')) return order >= 0;
  return range.startsWith('^') ? order >= 0 && have[0] === want[0] : order === 0;
}
