import { findSdk, requireFitting } from '../../platform/installed-sdk.ts';
import { missingAmong } from '../../platform/optional.ts';
import { notInstalled, PEERS, type Peer } from '../../platform/peers.ts';

/** @throws Error with one line that installs all missing packages */
export function requirePackages(command: string, names: readonly Peer[]): void {
  const missing = missingAmong(names, (name) => import.meta.resolve(name));
  if (missing.length > 0) throw new Error(notInstalled(command, missing));
}

/**
 * Checks that the packages of the SDK are installed, and those that a command needs besides. `gpt-tokenizer` is not one of
 * them: without it the offline model estimates tokens.
 *
 * @param more packages that not all commands need
 * @throws Error with one line that installs all missing packages
 */
export function requirePeers(command: string, more: readonly Peer[]): void {
  const resolve = (name: Peer) => import.meta.resolve(name);
  const sdk = findSdk(resolve);
  const missing = [...sdk.missing, ...missingAmong(more, resolve)];
  if (missing.length > 0) {
    const versions = missing.map((name) => [name, sdk.set[name] ?? PEERS[name].tested]);
    throw new Error(notInstalled(command, missing, Object.fromEntries(versions)));
  }
  requireFitting(command, sdk.set, resolve);
}
