/** A request as `fetch` gets it: an address and options, or a `Request`. It is looked at, and never read. */
import { readProperty } from '../platform/read-property.ts';
import { tried } from './foreign.ts';
import type { WireRequest } from './protocol.ts';

/** The arguments of a `fetch`. */
export type FetchArguments = readonly unknown[];

/** An address whose host can be seen without parsing it. */
const PLAIN = /^https?:\/\/([\w.-]+(?::\d+)?)(?:[/?#]|$)/i;

/** The host of the request as in `URL.host`, `undefined` where it has none. Costs less than parsing the address. */
export function hostOf([input]: FetchArguments): string | undefined {
  const address = addressOf(input);
  const plain = address === undefined ? undefined : PLAIN.exec(address)?.[1];
  return plain?.toLowerCase().replace(/:(?:80|443)$/, '') ?? urlOf(address)?.host;
}

/** Not by `String(input)`: the client's object would see that it is converted twice. */
function addressOf(input: unknown): string | undefined {
  if (typeof input === 'string') return input;
  return [readProperty(input, 'href'), readProperty(input, 'url')].find((each) => typeof each === 'string') as
    | string
    | undefined;
}

function urlOf(address: string | undefined): URL | undefined {
  return address !== undefined && URL.canParse(address) ? new URL(address) : undefined;
}

/** A program calls few addresses, and many times. Their queries, which may hold a key, are not kept. */
const parsed = new Map<string, URL>();
const MOST_PARSED = 200;
const LONGEST_PARSED = 1_024;

function urlWithoutQuery(address: string | undefined): URL | undefined {
  const query = address?.indexOf('?') ?? -1;
  const place = query < 0 ? address : address?.slice(0, query);
  const known = place === undefined ? undefined : parsed.get(place);
  if (known !== undefined) return known;
  const url = urlOf(place);
  if (place !== undefined && url !== undefined && place.length <= LONGEST_PARSED) {
    if (parsed.size >= MOST_PARSED) parsed.clear();
    parsed.set(place, url);
  }
  return url;
}

export function isRequest(input: unknown): boolean {
  return typeof readProperty(input, 'url') === 'string';
}

/** The options win over those of a `Request`, as for `fetch` itself. */
function optionOf([input, init]: FetchArguments, name: string): unknown {
  return readProperty(init, name) ?? readProperty(input, name);
}

export function signalOf(args: FetchArguments): AbortSignal | undefined {
  return optionOf(args, 'signal') as AbortSignal | undefined;
}

export function methodOf(args: FetchArguments): string {
  const method = optionOf(args, 'method');
  return typeof method === 'string' ? method.toUpperCase() : 'GET';
}

/** The request; `undefined` where its address cannot be parsed. */
export function wireRequest(args: FetchArguments): WireRequest | undefined {
  const url = urlWithoutQuery(addressOf(args[0]));
  if (url === undefined) return undefined;
  const headers = optionOf(args, 'headers');
  const given = readProperty(args[1], 'body');
  let body: string | undefined;
  return {
    method: methodOf(args),
    url,
    header: (name) => headerOf(headers, name),
    get body() {
      body ??= typeof given === 'string' ? given : textOf(given);
      return body;
    },
  };
}

/** The text of bytes. Anything else (a stream, a Blob, a form) can be read only once, by `fetch`. */
function textOf(body: unknown): string | undefined {
  if (body instanceof ArrayBuffer) return tried(() => Buffer.from(body).toString());
  if (!ArrayBuffer.isView(body)) return undefined;
  return tried(() => Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());
}

/** The size of the body in bytes, where it is known. */
export function bytesOf(args: FetchArguments): number | undefined {
  const body = readProperty(args[1], 'body');
  if (typeof body === 'string') return Buffer.byteLength(body);
  return body instanceof ArrayBuffer || ArrayBuffer.isView(body) ? body.byteLength : undefined;
}

/** A header of an object with `get`, of a list of pairs, or of a plain object. */
export function headerOf(headers: unknown, name: string): string | undefined {
  const value = tried(() => {
    const get = readProperty(headers, 'get');
    if (typeof get === 'function') return Reflect.apply(get, headers, [name]);
    const pairs: readonly unknown[] = Array.isArray(headers) ? headers : Object.entries(headers ?? {});
    const pair = pairs.find((each) => String(readProperty(each, 0)).toLowerCase() === name.toLowerCase());
    return readProperty(pair, 1);
  });
  return typeof value === 'string' ? value : undefined;
}
