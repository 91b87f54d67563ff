import { missingAmong } from '../../platform/optional.ts';
import { notInstalled, type Peer, SDK_PEERS } from '../../platform/peers.ts';

/**
 * Checks for all packages that a command needs and the library alone does not, so that one line installs them.
 *
 * @param offline whether the offline model answers
 * @throws Error with that line
 */
export function requirePeers(offline: boolean, command = 'tta digest', more: readonly Peer[] = []): void {
  const tokenizer: readonly Peer[] = offline ? ['gpt-tokenizer'] : [];
  const needed: readonly Peer[] = [...SDK_PEERS, 'openai', ...tokenizer, ...more];
  const missing = missingAmong(needed, (name) => import.meta.resolve(name));
  if (missing.length > 0) throw new Error(notInstalled(command, missing));
}
