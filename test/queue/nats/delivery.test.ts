import { expect, it } from 'vitest';
import { readDelivery } from '../../../src/queue/nats/delivery.ts';

const read = (reply: string) =>
  readDelivery({ subject: 'tta.texts.job.a', reply, data: new Uint8Array() } as unknown as Parameters<
    typeof readDelivery
  >[0]);

it('a delivery is read in the forms of all servers', () => {
  const sentAt = 1_700_000_000_000;
  for (const between of ['', '_.account.'])
    expect(read(`$JS.ACK.${between}stream.workers.2.10.11.1700000000000000000.0`)).toMatchObject({ count: 2, sentAt });
});

it.each([
  '',
  '$JS.ACK',
  '$JS.ACK.stream.workers',
  '$JS.ACK.stream.workers.x.1.1.1.0',
  '$JS.ACK.stream.workers.1.1.1.soon.0',
  '$JS.ACK.stream.workers.1.1.1.-1.0',
  `$JS.ACK.stream.workers.1.1.1.${'9'.repeat(100)}.0`,
])('a message of somebody else is no delivery, and ends no worker: %s', (reply) => {
  expect(read(reply)).toBeUndefined();
});
