import { afterAll, beforeAll, describe } from 'vitest';
import { natsQueue } from '../../src/queue/index.ts';
import { component } from '../support/component.ts';
import { type Nats, startNats } from '../support/nats.ts';
import { describeQueue } from './contract.ts';

describe.skipIf(component('nats-server') === undefined)('natsQueue', () => {
  let nats: Nats;
  beforeAll(async () => {
    nats = await startNats();
  });
  afterAll(() => nats.kill('SIGKILL'));

  describeQueue('NATS', () => ({
    connect: (name, settings = {}) => natsQueue(name, { servers: nats.url, ...settings }),
    expression: (name) => `queues.natsQueue('${name}', { servers: '${nats.url}' })`,
    server: undefined,
  }));
});
