/** The options that `register` has set, for all observers of the process that are made afterwards, in all copies of this package. */
import { processWide } from '../platform/process-wide.ts';
import { hostEntries } from './model-hosts.ts';
import type { ModelCallOptions } from './options.ts';

const shared = processWide<{ options: ModelCallOptions }>('model call options', () => ({ options: {} }));

/** Returns the undo. */
export function setProcessOptions(options: ModelCallOptions): () => void {
  const earlier = shared.options;
  shared.options = options;
  return () => {
    shared.options = earlier;
  };
}

/** An observer's own options before those of the process; hosts in addition to them. */
export function withProcessOptions(own: ModelCallOptions): ModelCallOptions {
  const given = Object.entries(own).filter(([, value]) => value !== undefined);
  const hosts = [...hostEntries(shared.options.hosts ?? ''), ...hostEntries(own.hosts ?? '')];
  return { ...shared.options, ...Object.fromEntries(given), hosts: Object.fromEntries(hosts) };
}
