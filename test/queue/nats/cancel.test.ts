import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { natsQueue } from '../../../src/queue/index.ts';
import { component } from '../../support/component.ts';
import { type Nats, startNats } from '../../support/nats.ts';

const { signal } = new AbortController();
const bytes = (text: string) => new TextEncoder().encode(text);

describe.skipIf(component('nats-server') === undefined)('a job that ends while it is cancelled', () => {
  let nats: Nats;
  beforeAll(async () => {
    nats = await startNats();
  });
  afterAll(() => nats.kill('SIGKILL'));

  it.each([1, 3])('is no error of the engine, with %d jobs in the queue', async (jobs) => {
    const queue = natsQueue(`texts${jobs}`, {
      connect: async () => {
        const connection = await connect({ servers: nats.url });
        const request = connection.request.bind(connection);
        connection.request = async (subject, ...more) => {
          // Its worker was faster.
          if (subject.includes('.STREAM.MSG.DELETE.')) await request(subject, ...more);
          return request(subject, ...more);
        };
        return connection;
      },
    });
    const ids = Array.from({ length: jobs }, (_, i) => `job-${i}`);
    for (const id of ids) await queue.send({ id, replyTo: 'nowhere', body: bytes('x') }, signal);
    for (const id of ids) await expect(queue.cancel(id, bytes('stop'))).resolves.toBeTypeOf('boolean');
    await queue.close();
  });
});
