import { missingAmong } from '../../platform/optional.ts';
import { notInstalled, type Peer, SDK_PEERS } from '../../platform/peers.ts';

/**
 * Checks that all packages are installed that a command needs in addition to the library. `gpt-tokenizer` is not one of
 * them: without it the offline model estimates tokens.
 *
 * @param more packages that only this command needs
 * @throws Error with one line that installs all missing packages
 */
export function requirePeers(command: string, more: readonly Peer[] = []): void {
  const needed: readonly Peer[] = [...SDK_PEERS, 'openai', ...more];
  const missing = missingAmong(needed, (name) => import.meta.resolve(name));
  if (missing.length > 0) throw new Error(notInstalled(command, missing));
}
