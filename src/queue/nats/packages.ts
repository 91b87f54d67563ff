/** The client packages of NATS, which are loaded when a queue is first used. */
import { importError } from '../../platform/optional.ts';

export type { ConsumerConfig, JetStreamClient, JetStreamManager, StoredMsg, StreamConfig } from '@nats-io/jetstream';
export type { Msg, MsgHdrs, NatsConnection, Subscription } from '@nats-io/transport-node';

export async function loadPackages() {
  try {
    const { jetstream } = await import('@nats-io/jetstream');
    const { connect, headers } = await import('@nats-io/transport-node');
    return { jetstream, connect, headers };
  } catch (error) {
    throw importError('natsQueue', ['@nats-io/jetstream', '@nats-io/transport-node'], error);
  }
}

export type Packages = Awaited<ReturnType<typeof loadPackages>>;
