import { afterAll, describe } from 'vitest';
import { bullmqQueue } from '../../src/queue/index.ts';
import { component } from '../support/component.ts';
import { freePort } from '../support/free-port.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import { describeQueue } from './contract.ts';

const port = await freePort();
const url = `redis://127.0.0.1:${port}`;
const isInstalled = component('redis-server') !== undefined;
let redis: Redis | undefined = isInstalled ? await startRedis({ port }) : undefined;

afterAll(() => redis?.kill('SIGKILL'));

describe.skipIf(!isInstalled)('bullmqQueue', () => {
  describeQueue('bullmqQueue', () => ({
    connect: (name, { maxWaiting, maxAwayMs } = {}) => bullmqQueue(name, { url, maxWaiting, maxAwayMs }),
    expression: (name) => `queues.bullmqQueue('${name}', { url: '${url}' })`,
    server: {
      async stop() {
        await redis?.kill('SIGKILL');
      },
      async start() {
        redis = await startRedis({ port });
      },
      async loseAll() {
        await redis?.cli('FLUSHALL');
      },
    },
  }));
});
