/** A receiver for the notifications of an Alertmanager. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export type Labels = Readonly<Record<string, string>>;

/** The body that a webhook receives. */
export interface Notification {
  /** The name of the receiver in the configuration: critical, warning or info. */
  readonly receiver: string;
  readonly groupLabels: Labels;
  readonly alerts: readonly { readonly status: 'firing' | 'resolved'; labels: Labels; annotations: Labels }[];
  /** When it arrived, in milliseconds since 1970. */
  readonly atMs: number;
}

export interface Webhook {
  readonly port: number;
  /** In the order of their arrival. */
  readonly notifications: readonly Notification[];
  stop(): void;
}

export async function startWebhook(): Promise<Webhook> {
  const notifications: Notification[] = [];
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      notifications.push({ ...(body as Omit<Notification, 'atMs'>), atMs: Date.now() });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    notifications,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
