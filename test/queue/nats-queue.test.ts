import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { natsQueue } from '../../src/queue/index.ts';
import { component } from '../support/component.ts';
import { freePort } from '../support/free-port.ts';
import { type Nats, startNats } from '../support/nats.ts';
import { describeQueue } from './contract.ts';

const isInstalled = component('nats-server') !== undefined;
const port = await freePort();
const servers = `nats://127.0.0.1:${port}`;
const folders: string[] = [];
const newFolder = () => {
  folders.push(mkdtempSync(join(tmpdir(), 'nats-')));
  return folders.at(-1) as string;
};
let nats: Nats | undefined = isInstalled ? await startNats({ port, storeDir: newFolder() }) : undefined;

afterAll(async () => {
  await nats?.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!isInstalled)('natsQueue', () => {
  describeQueue('NATS', () => ({
    connect: (name, settings = {}) => natsQueue(name, { servers, ...settings }),
    server: {
      expression: (name, settings) => `queues.natsQueue('${name}', ${JSON.stringify({ servers, ...settings })})`,
      async stop() {
        await nats?.kill('SIGKILL');
        nats = undefined;
      },
      async start() {
        nats ??= await startNats({ port, storeDir: folders.at(-1) as string });
      },
      async startEmpty() {
        nats = await startNats({ port, storeDir: newFolder() });
      },
    },
  }));
});
