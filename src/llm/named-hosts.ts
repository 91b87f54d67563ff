/** The providers of hosts that the author has named for the whole process, in all copies of this package. */
import { processWide } from '../platform/process-wide.ts';
import type { ModelServer } from './model.ts';

type Providers = ReadonlyMap<string, string>;
const shared = processWide<{ providers: Providers }>('named hosts', () => ({ providers: new Map() }));

/** @param providers by their hosts, as in `URL.host` or without the port. Returns the undo. */
export function nameHosts(providers: Providers): () => void {
  const earlier = shared.providers;
  shared.providers = providers;
  return () => {
    shared.providers = earlier;
  };
}

/** `undefined` where the author has named none. */
export function namedProvider({ serverAddress = '', serverPort }: ModelServer): string | undefined {
  return shared.providers.get(`${serverAddress}:${serverPort}`) ?? shared.providers.get(serverAddress);
}
