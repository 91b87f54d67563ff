import { findSdk, requireFitting } from '../../platform/installed-sdk.ts';
import { missingAmong } from '../../platform/optional.ts';
import { notInstalled, PEERS, type Peer } from '../../platform/peers.ts';

/**
 * Checks that all packages are installed that a command needs in addition to the library. `gpt-tokenizer` is not one of
 * them: without it the offline model estimates tokens.
 *
 * @param more packages that only this command needs
 * @throws Error with one line that installs all missing packages
 */
export function requirePeers(command: string, more: readonly Peer[] = []): void {
  const resolve = (name: Peer) => import.meta.resolve(name);
  const sdk = findSdk(resolve);
  const missing = [...sdk.missing, ...missingAmong(['openai', ...more], resolve)];
  if (missing.length > 0) {
    const versions = missing.map((name) => [name, sdk.set[name] ?? PEERS[name].tested]);
    throw new Error(notInstalled(command, missing, Object.fromEntries(versions)));
  }
  requireFitting(command, sdk.set, resolve);
}
