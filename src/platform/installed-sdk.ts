/** Which packages of the OpenTelemetry SDK are installed, and whether their versions fit. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { missingAmong } from './optional.ts';
import { installLine, namesOf, PEERS, type Peer, SDK_2, SDK_3, type Versions } from './peers.ts';
import { readProperty } from './read-property.ts';
import { fits } from './version-range.ts';

/** Gives the path or the URL of a package's entry. Throws for a package that is missing. */
type Resolve = (name: Peer) => string;

export interface InstalledSdk {
  /** The packages of the line that is installed. */
  readonly set: Versions;
  readonly missing: readonly Peer[];
}

/** Finds the line of the SDK: that of the API, unless only the other one is complete. */
export function findSdk(resolve: Resolve): InstalledSdk {
  const api = versionOf(resolve, '@opentelemetry/api');
  const lines = api !== undefined && fits(api, '>=1.10') ? [SDK_3, SDK_2] : [SDK_2, SDK_3];
  const found = lines.map((set) => ({ set, missing: missingAmong(namesOf(set), resolve) }));
  return found.find(({ missing }) => missing.length === 0) ?? (found[0] as InstalledSdk);
}

/** @throws Error that names each package whose version does not fit, with the line that installs a set that fits */
export function requireFitting(user: string, set: Versions, resolve: Resolve): void {
  const installed = namesOf(set).flatMap((name) => {
    const version = versionOf(resolve, name);
    return version === undefined ? [] : [{ name, version }];
  });
  const wrong = installed.filter(({ name, version }) => !fits(version, PEERS[name].range));
  if (wrong.length > 0) {
    const each = wrong.map(({ name, version }) => `${name} ${PEERS[name].range}, and ${version} is installed`);
    throw new Error(`${user} needs ${each.join('; ')}. Install the set that works together: ${installLine(set)}`);
  }
  const ofSdk = installed.filter(({ name }) => name !== '@opentelemetry/api');
  if (new Set(ofSdk.map(({ version }) => lineOf(version))).size > 1) {
    const each = ofSdk.map(({ name, version }) => `${name} ${version}`);
    throw new Error(
      `${user} needs an SDK of one line, and these are of several: ${each.join(', ')}. Install: ${installLine(set)}`,
    );
  }
}

/** The experimental packages of the 2.x line are 0.200 to 0.299, those of the 3.x line 0.300 to 0.399. */
function lineOf(version: string): number {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major === 0 ? Math.floor(minor / 100) : major;
}

/** The version of a package, by its files: the packages of the 3.x line do not export their package.json. */
function versionOf(resolve: Resolve, name: Peer): string | undefined {
  try {
    const entry = resolve(name);
    let folder = dirname(entry.startsWith('file:') ? fileURLToPath(entry) : entry);
    for (; folder !== dirname(folder); folder = dirname(folder)) {
      const manifest = manifestIn(folder);
      const version = readProperty(manifest, 'version');
      if (readProperty(manifest, 'name') === name && typeof version === 'string') return version;
    }
  } catch {
    // Not installed, or without an entry. The package says so itself when it is loaded.
  }
  return undefined;
}

function manifestIn(folder: string): unknown {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  } catch {
    return undefined;
  }
}
