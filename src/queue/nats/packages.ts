/** The client packages of NATS, which are loaded when a queue is first used. */
import { importOptional } from '../../platform/optional.ts';

export type { ConsumerConfig, JetStreamClient, JetStreamManager, StoredMsg, StreamConfig } from '@nats-io/jetstream';
export type { Msg, MsgHdrs, NatsConnection, Subscription } from '@nats-io/transport-node';

export async function loadPackages() {
  const jetstream = await importOptional('natsQueue', '@nats-io/jetstream', () => import('@nats-io/jetstream'));
  const node = await importOptional('natsQueue', '@nats-io/transport-node', () => import('@nats-io/transport-node'));
  return { jetstream: jetstream.jetstream, connect: node.connect, headers: node.headers };
}

export type Packages = Awaited<ReturnType<typeof loadPackages>>;
