import type { Say } from '../say.ts';
import type { Client } from './commands.ts';

/** The servers, by their own ids, of which this process has said what there is to say. */
const checked = new Set<string>();

/** Says, once for each, which settings of a Redis let it lose jobs. One that tells nothing of itself is not judged. */
export async function checkServer(client: Client, say: Say): Promise<void> {
  const info = await client.info().catch(() => '');
  const server = /^run_id:(\S+)/m.exec(info)?.[1] ?? '';
  if (checked.has(server)) return;
  checked.add(server);
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  if (policy !== undefined && policy !== 'noeviction')
    say('policy', `Redis has maxmemory-policy ${policy}: it drops jobs when its memory is full. Set it to noeviction`);
  if (/^aof_enabled:0/m.test(info))
    say('persistence', 'Redis has appendonly no: when it ends, it loses jobs that it had accepted. Set it to yes');
}
