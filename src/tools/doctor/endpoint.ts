/** Checks the endpoint of the observed program: whether it answers, which process it is, and whether it has our metrics. */
import { findPortHolder, type PortHolder, portsOf } from '../../platform/port-holder.ts';
import { type Exposition, parseExposition, select } from '../../prometheus/parse.ts';
import { type Finding, failure, ok, skipped, warning } from './finding.ts';
import type { HttpRequest, HttpResult } from './http-request.ts';
import { METRICS_PATH } from './metrics-address.ts';
import { REMEDY, type Remedy } from './remedies.ts';

export interface EndpointResult {
  readonly findings: readonly Finding[];
  /** `undefined` when it could not be read. */
  readonly exposition: Exposition | undefined;
}

export const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** A program may listen on any number of ports. */
const MOST_PORTS = 20;

/** @param scrape the result of the first scrape of `url` */
export async function checkEndpoint(request: HttpRequest, url: string, scrape: HttpResult): Promise<EndpointResult> {
  const { endpoint, text } = reachability(url, scrape);
  const parsed = text === undefined ? undefined : parse(text);
  const exposition = typeof parsed === 'object' ? parsed : undefined;
  const format =
    parsed === undefined
      ? skipped('format', 'the endpoint does not answer with metrics')
      : typeof parsed === 'object'
        ? ok('format', `${parsed.samples.length} samples of ${parsed.types.size} metrics`)
        : failure('format', parsed, REMEDY.noMetrics);
  const holder = await holderOf(url, scrape);
  if (exposition !== undefined && hasOurMetrics(exposition)) {
    return { findings: [endpoint, portOwner(url, scrape, holder, true), format, data(exposition)], exposition };
  }
  const elsewhere = await otherAddress(request, url, scrape, holder);
  const found = elsewhere === undefined ? endpoint : failure('endpoint', elsewhere, REMEDY.noMetrics);
  const port = portOwner(url, scrape, holder, elsewhere !== undefined);
  return { findings: [found, port, format, data(exposition)], exposition };
}

/**
 * What to say when the same program has our metrics under another path, or at another of its ports: a program may have
 * a page of its own at one. `undefined` when it has none.
 */
async function otherAddress(
  request: HttpRequest,
  url: string,
  { response }: HttpResult,
  holder: PortHolder | string,
): Promise<string | undefined> {
  if (response === undefined) return undefined;
  const asked = new URL(url);
  // A page has no `/metrics`. Any other answer says nothing of another port, which may be anything.
  const ports = typeof holder === 'string' || response.status !== 404 ? [] : await portsOf(holder.pid);
  for (const port of new Set([asked.port, ...ports.slice(0, MOST_PORTS).map(String)])) {
    const address = new URL(METRICS_PATH, url);
    address.port = port;
    if (address.href === asked.href) continue;
    const other = await request(address.href);
    const parsed = other.response?.status === 200 ? parse(other.response.text) : undefined;
    if (typeof parsed === 'object' && hasOurMetrics(parsed))
      return `${url} answers ${response.status}, and the metrics of this program are at ${address.href}`;
  }
  return undefined;
}

const REFUSALS: Readonly<Record<number, Remedy>> = {
  401: REMEDY.endpointToken,
  403: REMEDY.endpointHost,
  503: REMEDY.endpointFails,
};

/** The finding, and the body when the status is 200. */
function reachability(url: string, scrape: HttpResult): { endpoint: Finding; text?: string } {
  if (scrape.failure !== undefined) {
    const { kind, message } = scrape.failure;
    const remedy = kind === 'timeout' ? REMEDY.slowEndpoint : REMEDY.noEndpoint;
    return { endpoint: failure('endpoint', `${url}: ${message}`, remedy) };
  }
  const { status, text, sentAt, receivedAt } = scrape.response;
  if (status !== 200) {
    const firstLine = text.trim().split('\n', 1)[0]?.slice(0, 120);
    const { location } = scrape.response;
    const what = location === undefined ? firstLine : `it redirects to ${location}, which is not followed`;
    const remedy = REFUSALS[status] ?? REMEDY.noMetrics;
    return { endpoint: failure('endpoint', `${url} answers ${status}${what && `: ${what}`}`, remedy) };
  }
  return { endpoint: ok('endpoint', `${url} answers in ${(receivedAt - sentAt).toFixed(0)} ms`), text };
}

/** The metrics, or what is wrong with the answer. */
function parse(text: string): Exposition | string {
  try {
    const exposition = parseExposition(text);
    return exposition.samples.length > 0 ? exposition : 'The answer has no series';
  } catch (error) {
    return `The answer does not parse: ${(error as SyntaxError).message}`;
  }
}

/** A process that uses this package has `tta_spans_lost_total` before any primitive has been built. */
function hasOurMetrics(exposition: Exposition): boolean {
  return select(exposition, 'tta_spans_lost_total').length > 0 || hasPrimitives(exposition);
}

function hasPrimitives(exposition: Exposition): boolean {
  return select(exposition, 'tta_primitive_executions_total').length > 0;
}

/** The process that has the port of the address, or why it is not known. */
async function holderOf(address: string, scrape: HttpResult): Promise<PortHolder | string> {
  const { hostname } = new URL(address);
  if (!LOOPBACK.includes(hostname)) return `${hostname} is another machine`;
  const port = portOf(address);
  if (scrape.failure?.kind === 'refused') return `no process listens on port ${port}`;
  const holder = await findPortHolder(port, hostname === 'localhost' ? '127.0.0.1' : hostname);
  return holder ?? `the process on port ${port} is unknown: it belongs to another user, or the system is not Linux`;
}

function portOf(address: string): number {
  const { port, protocol } = new URL(address);
  return Number(port || (protocol === 'https:' ? 443 : 80));
}

function portOwner(address: string, scrape: HttpResult, holder: PortHolder | string, isOurs: boolean): Finding {
  if (typeof holder === 'string') return skipped('port', holder);
  const port = portOf(address);
  // A process that does not answer, fails, or wants to know who asks can still be the observed program.
  const isUnknown = scrape.response === undefined || ![200, 404].includes(scrape.response.status);
  return isOurs || isUnknown
    ? ok('port', `${describe(holder)} has port ${port}`)
    : failure('port', `${describe(holder)} has port ${port}, and has no metrics of this package`, REMEDY.portTaken);
}

const describe = ({ command, pid }: PortHolder) => `${command} (process ${pid})`;

function data(exposition: Exposition | undefined): Finding {
  if (exposition === undefined) return skipped('data', 'the endpoint could not be read');
  if (hasPrimitives(exposition)) {
    const names = new Set(
      select(exposition, 'tta_primitive_executions_total').map(({ labels }) => labels.primitive_name),
    );
    return ok('data', `${names.size} primitives have series`);
  }
  const models = new Set(select(exposition, 'tta_llm_requests_total').map(({ labels }) => labels.model));
  if (models.size > 0) return ok('data', `${models.size} models have series, and no primitive has been built`);
  return hasOurMetrics(exposition)
    ? warning('data', 'No primitive has been built in this process yet', REMEDY.noSeries)
    : failure('data', 'The endpoint has no series of this package', REMEDY.noSeries);
}
