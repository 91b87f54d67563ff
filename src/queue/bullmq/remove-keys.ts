import type { Cluster, Redis } from 'ioredis';
import type { Keys } from './keys.ts';

/** How many keys Redis looks at in one step. */
const LOOKED_AT_ONCE = 1_000;

/** Deletes all keys of a queue. In a cluster they are on one node, and each node is asked. */
export async function removeKeys(client: Redis | Cluster, { base }: Keys): Promise<void> {
  const nodes = 'nodes' in client ? client.nodes('master') : [client];
  const pattern = `${base.replaceAll(/[\\*?[\]]/g, '\\$&')}*`;
  for (const node of nodes) {
    let cursor = '0';
    do {
      const [next, found] = await node.scan(cursor, 'MATCH', pattern, 'COUNT', LOOKED_AT_ONCE);
      if (found.length > 0) await node.unlink(...found);
      cursor = next;
    } while (cursor !== '0');
  }
}
