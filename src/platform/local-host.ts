/** Which requests are meant for this machine. */
import type { IncomingMessage } from 'node:http';

export function isLoopbackAddress(address: string): boolean {
  // An IPv4 address in IPv6 has two notations.
  return /^(?:(?:::ffff:)?127\.\d+\.\d+\.\d+|::ffff:7f[\da-f]{2}:[\da-f]{1,4}|::1)$/.test(address);
}

/**
 * Whether a request to a server on loopback was sent to a name of this machine. A web page can make a browser send
 * requests to it under another name (DNS rebinding), and read the answers as its own.
 *
 * @param allowed other names that are right
 */
export function isForThisMachine(request: IncomingMessage, allowed: readonly string[]): boolean {
  const asked = requestedHost(request);
  // Every browser sends a Host.
  if (asked === undefined) return true;
  const host = hostOf(asked);
  if (host === undefined) return false;
  return isLocal(host) || allowed.some((each) => hostOf(each) === host);
}

/** The target of a request can be a whole URL. Its host is then the one that counts. */
export function requestedHost({ url = '', headers }: IncomingMessage): string | undefined {
  return /^https?:\/\/([^/?#]*)/i.exec(url)?.[1] ?? headers.host;
}

/** Whether a name or an address, with or without a port, is of this machine. */
export function isLocalHost(text: string): boolean {
  return isLocal(hostOf(text) ?? '');
}

function isLocal(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || isLoopbackAddress(host);
}

/** The name or address of `host:port`, in its one notation: `[0:0::1]:80` is `::1`. `undefined` where it is neither. */
export function hostOf(text: string): string | undefined {
  const authority = /^[\da-f:.]*:[\da-f.]*:[\da-f:.]*$/i.test(text) ? `[${text}]` : text;
  if (/[\s/?#@\\]/.test(authority) || !URL.canParse(`http://${authority}`)) return undefined;
  return new URL(`http://${authority}`).hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}
