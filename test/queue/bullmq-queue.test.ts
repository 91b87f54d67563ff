import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { bullmqQueue } from '../../src/queue/index.ts';
import { component } from '../support/component.ts';
import { freePort } from '../support/free-port.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import { captureWarnings } from '../support/warnings.ts';
import { describeQueue } from './contract.ts';

const port = await freePort();
const url = `redis://127.0.0.1:${port}`;
const isInstalled = component('redis-server') !== undefined;
const folders: string[] = [];
const newFolder = () => {
  folders.push(mkdtempSync(join(tmpdir(), 'redis-')));
};
const start = () => startRedis({ port, options: ['--appendonly', 'yes', '--dir', folders.at(-1) as string] });
newFolder();
captureWarnings();
let redis: Redis | undefined = isInstalled ? await start() : undefined;

afterAll(async () => {
  await redis?.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!isInstalled)('bullmqQueue', () => {
  describeQueue('bullmqQueue', () => ({
    connect: (name, settings = {}) => bullmqQueue(name, { url, ...settings }),
    server: {
      expression: (name, settings) => `queues.bullmqQueue('${name}', ${JSON.stringify({ url, ...settings })})`,
      async stop() {
        await redis?.kill('SIGKILL');
        redis = undefined;
      },
      async start() {
        redis ??= await start();
      },
      async startEmpty() {
        newFolder();
        redis = await start();
      },
    },
  }));
});
