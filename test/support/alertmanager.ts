/** Starts a real Alertmanager with the shipped configuration on free ports, and a receiver for its notifications. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collectorPath } from './deployment.ts';
import { freePort } from './free-port.ts';
import { eventually } from './prometheus.ts';
import { type Labels, type Notification, startWebhook } from './webhook.ts';

export interface Alertmanager {
  readonly host: string;
  readonly notifications: readonly Notification[];
  /** The firing alerts. `inhibitedBy` lists the alerts that suppress one. */
  alerts(): Promise<readonly { labels: Labels; status: { inhibitedBy: readonly string[] } }[]>;
  stop(): Promise<void>;
}

/** The waits before notifications are short. The wait for warnings is the longest: an alert may suppress them. */
export async function startAlertmanager(program: string): Promise<Alertmanager> {
  const webhook = await startWebhook();
  const folder = await mkdtemp(join(tmpdir(), 'tta-alertmanager-'));
  const host = `127.0.0.1:${await freePort()}`;
  const shipped = await readFile(collectorPath('alertmanager/alertmanager.yml'), 'utf8');
  const configuration = shipped
    .replaceAll('http://127.0.0.1:9099/', `http://127.0.0.1:${webhook.port}/`)
    .replace('group_wait: 30s', 'group_wait: 12s')
    .replaceAll('group_wait: 10s', 'group_wait: 1s')
    .replaceAll(/group_interval: \w+/g, 'group_interval: 1s')
    .replace('repeat_interval: 1m', 'repeat_interval: 2s');
  await writeFile(join(folder, 'alertmanager.yml'), configuration);
  const child = spawn(
    program,
    [
      `--config.file=${join(folder, 'alertmanager.yml')}`,
      `--storage.path=${join(folder, 'data')}`,
      `--web.listen-address=${host}`,
      '--cluster.listen-address=',
    ],
    { stdio: 'ignore' },
  );
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  await eventually('Alertmanager is ready', async () =>
    (await fetch(`http://${host}/-/ready`)).ok ? true : undefined,
  );
  return {
    host,
    notifications: webhook.notifications,
    alerts: async () => (await (await fetch(`http://${host}/api/v2/alerts`)).json()) as never,
    async stop() {
      child.kill('SIGTERM');
      await exited;
      webhook.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
