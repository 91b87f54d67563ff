/** The contract on a Redis cluster, of one node. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster } from 'ioredis';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { bullmqQueue } from '../../../src/queue/index.ts';
import { component } from '../../support/component.ts';
import { freePort } from '../../support/free-port.ts';
import { type Redis, startRedis } from '../../support/redis.ts';
import { captureWarnings } from '../../support/warnings.ts';
import { describeQueue } from '../contract.ts';
import { eventually } from './engine.ts';

const port = await freePort();
const folder = mkdtempSync(join(tmpdir(), 'tta-cluster-'));
let redis: Redis;

describe.skipIf(component('redis-server') === undefined)('bullmqQueue on a cluster', () => {
  beforeAll(async () => {
    captureWarnings();
    const bus = `${await freePort()}`;
    const options = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1', '--cluster-port', bus];
    redis = await startRedis({ port, options: [...options, '--dir', folder] });
    await redis.cli('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await eventually(async () => expect(await redis.cli('CLUSTER', 'INFO')).toContain('cluster_state:ok'));
  });
  afterAll(async () => {
    await redis?.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  describeQueue('bullmqQueue on a cluster', () => ({
    connect: (name, { maxWaiting } = {}) =>
      bullmqQueue(name, {
        connect: (settings) => new Cluster([{ port }], { ...settings, redisOptions: settings }),
        prefix: '{tta}',
        maxWaiting,
      }),
    server: undefined,
  }));
});
