import { fits } from '../../platform/version-range.ts';
import { type Finding, failure, ok, skipped, warning } from './finding.ts';
import { findCopies, findPackage } from './installed-packages.ts';
import { REMEDY } from './remedies.ts';

export interface VersionsOptions {
  /** The folder of the observed program. */
  readonly folder: string;
  /** The version of Node.js, as in `process.version`. */
  readonly node: string;
  /** The range of Node.js versions, as in package.json: `>=20.19`. */
  readonly engine: string;
  /** Package names and their ranges, as in package.json: `^1.9.0` or `2.12.0`. */
  readonly peers: Readonly<Record<string, string>>;
}

const API = '@opentelemetry/api';
/** Copies of the SDK are no matter: the exporters pin one version of it, and work with another. */
const SINGLE_COPY = [API, 'tta-primitives'];

export async function checkVersions({ folder, node, engine, peers }: VersionsOptions): Promise<Finding[]> {
  const nodeFits = fits(node.replace(/^v/, ''), engine);
  const runtime = nodeFits
    ? ok('node', `Node.js ${node}`)
    : failure('node', `Node.js ${node}, but ${engine} is needed`, REMEDY.oldNode);
  return [runtime, await peerVersions(folder, peers), await copies(folder)];
}

async function peerVersions(folder: string, peers: Readonly<Record<string, string>>): Promise<Finding> {
  const found = await Promise.all(
    Object.entries(peers).map(async ([name, range]) => ({ name, range, installed: await findPackage(folder, name) })),
  );
  const count = found.filter(({ installed }) => installed !== undefined).length;
  if (count === 0) return skipped('packages', `no peer package is installed for ${folder}`);
  const wrong = found.flatMap(({ name, range, installed }) => {
    if (installed === undefined) return name === API ? `${name} is missing` : [];
    return fits(installed.version, range) ? [] : `${name} is ${installed.version}, not ${range}`;
  });
  return wrong.length > 0
    ? failure('packages', wrong.join('; '), REMEDY.peers)
    : ok('packages', `${count} packages have the right version`);
}

async function copies(folder: string): Promise<Finding> {
  const duplicates = [...(await findCopies(folder, SINGLE_COPY))].filter(([, found]) => found.length > 1);
  if (duplicates.length === 0) return ok('copies', 'There is one copy of each package that must be unique');
  const list = duplicates.map(
    ([name, found]) => `${name} ${found.map((copy) => `${copy.version} in ${copy.folder}`).join(' and ')}`,
  );
  // Copies share what is registered. But a copy of a newer minor version does not read what an older one has registered.
  const minorOf = (version: string) => version.split('.', 2).join('.');
  const differ = duplicates.some(([, found]) => new Set(found.map(({ version }) => minorOf(version))).size > 1);
  return (differ ? failure : warning)('copies', list.join('; '), REMEDY.duplicates);
}
