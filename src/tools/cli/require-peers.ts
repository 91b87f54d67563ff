import { missingAmong } from '../../platform/optional.ts';
import { notInstalled, type Peer, SDK_PEERS } from '../../platform/peers.ts';

/**
 * Checks that all packages are installed that a command needs in addition to the library.
 *
 * @param offline whether the offline model is used
 * @param more packages that only this command needs
 * @throws Error with one line that installs all missing packages
 */
export function requirePeers(offline: boolean, command = 'tta digest', more: readonly Peer[] = []): void {
  const tokenizer: readonly Peer[] = offline ? ['gpt-tokenizer'] : [];
  const needed: readonly Peer[] = [...SDK_PEERS, 'openai', ...tokenizer, ...more];
  const missing = missingAmong(needed, (name) => import.meta.resolve(name));
  if (missing.length > 0) throw new Error(notInstalled(command, missing));
}
