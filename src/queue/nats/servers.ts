/** What the addresses of NATS servers say besides the host and the port. */
import { isReadable } from '../../platform/readable-url.ts';

export interface Servers {
  readonly servers: string[];
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
  readonly tls?: Record<string, never>;
}

/**
 * Takes the user and the password out of the addresses, which the client would neither use nor hide.
 *
 * @throws TypeError for what is no address
 */
export function serversOf(addresses: string | readonly string[]): Servers {
  const urls = [addresses].flat().map(urlOf);
  const [first] = urls;
  const isSecret = first !== undefined && first.username !== '';
  const user = decodeURIComponent(first?.username ?? '');
  const pass = decodeURIComponent(first?.password ?? '');
  return {
    servers: urls.map(({ host }) => host),
    ...(isSecret ? (pass === '' ? { token: user } : { user, pass }) : {}),
    ...(urls.some(({ protocol }) => protocol === 'tls:') ? { tls: {} } : {}),
  };
}

function urlOf(address: string): URL {
  const text = address.includes('://') ? address : `nats://${address}`;
  const url = isReadable(text) ? new URL(text) : undefined;
  // The address is not quoted: it may hold a password.
  if (url === undefined || !['nats:', 'tls:'].includes(url.protocol) || url.host === '')
    throw new TypeError('NatsQueueOptions: servers must be addresses such as nats://127.0.0.1:4222');
  return url;
}
