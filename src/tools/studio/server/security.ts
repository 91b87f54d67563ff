/** What every answer says to a browser, and which requests of a browser are refused. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { hostOf, isForThisMachine, requestedHost } from '../../../platform/local-host.ts';

/** Scripts and styles are files of ours. Nothing can be made of a text: neither markup, nor a script, nor an address. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
/** A name in DNS. */
const LONGEST_HOST = 253;

/** By this name another Studio, or a digest, knows what has its port. */
export const SERVER_NAME = 'tta-studio';

export function setSecurityHeaders(response: ServerResponse): void {
  response.setHeader('server', SERVER_NAME);
  response.setHeader('content-security-policy', POLICY);
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('cross-origin-opener-policy', 'same-origin');
  response.setHeader('cross-origin-resource-policy', 'same-origin');
  response.setHeader('cache-control', 'no-store');
}

/** Why a request is not answered; `undefined` when it is. Programs send none of the headers that are looked at. */
export function refusalOf(
  request: IncomingMessage,
  path: string,
  onlyThisMachine: string | undefined,
): string | undefined {
  if (onlyThisMachine !== undefined && !isForThisMachine(request, [onlyThisMachine])) {
    return `Studio answers requests to this machine only, not to the host ${requestedHost(request)?.slice(0, LONGEST_HOST)}`;
  }
  const { origin, 'sec-fetch-site': site = 'none' } = request.headers;
  if (origin !== undefined && !isOwnOrigin(origin, requestedHost(request))) {
    return `Studio is not for pages of another site: ${origin.slice(0, LONGEST_HOST)}`;
  }
  if (site === 'none' || site === 'same-origin' || isFollowedLink(request, path)) return undefined;
  return 'Studio is not for pages of another site';
}

/** The scheme does not count: a proxy may speak HTTPS to the browser. */
function isOwnOrigin(origin: string, host: string | undefined): boolean {
  if (host === undefined || !/^https?:\/\//.test(origin) || !URL.canParse(origin)) return false;
  const { host: ofOrigin, protocol } = new URL(origin);
  return hostOf(host) !== undefined && new URL(`${protocol}//${host}`).host === ofOrigin;
}

/** A link to a view, in a chat or an issue, opens the page: what answers then is the same for every address. */
function isFollowedLink({ method, headers }: IncomingMessage, path: string): boolean {
  const isPage = (method === 'GET' || method === 'HEAD') && !/^\/(?:api|v1)\//.test(path);
  return isPage && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
}
