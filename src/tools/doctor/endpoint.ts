/** Checks the endpoint of the observed program: whether it answers, which process it is, and whether it has our metrics. */
import { findPortHolder, type PortHolder } from '../../platform/port-holder.ts';
import { type Exposition, parseExposition, select } from '../../prometheus/parse.ts';
import { type Finding, failure, ok, skipped, warning } from './finding.ts';
import type { HttpRequest, HttpResult } from './http-request.ts';
import { REMEDY } from './remedies.ts';

export interface EndpointResult {
  readonly findings: readonly Finding[];
  /** `undefined` when it could not be read. */
  readonly exposition: Exposition | undefined;
}

export const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

const PATH = '/metrics';

/** The address of the metrics: the path of an address without one is `/metrics`. */
export function metricsAddress(url: string): string {
  const address = new URL(url);
  if (address.pathname === '/') address.pathname = PATH;
  return address.href;
}

/** @param scrape the result of the first scrape of `url` */
export async function checkEndpoint(request: HttpRequest, url: string, scrape: HttpResult): Promise<EndpointResult> {
  const { endpoint, text } = reachability(url, scrape);
  const parsed = text === undefined ? undefined : parse(text);
  const exposition = typeof parsed === 'object' ? parsed : undefined;
  const format =
    parsed === undefined
      ? skipped('format', 'the endpoint does not answer with metrics')
      : typeof parsed === 'object'
        ? ok('format', `${parsed.samples.length} series of ${parsed.types.size} metrics`)
        : failure('format', parsed, REMEDY.noMetrics);
  if (exposition !== undefined && hasOurMetrics(exposition)) {
    return { findings: [endpoint, await portOwner(url, scrape, true), format, data(exposition)], exposition };
  }
  const elsewhere = await otherAddress(request, url, scrape);
  const found = elsewhere === undefined ? endpoint : failure('endpoint', elsewhere, REMEDY.noMetrics);
  const port = await portOwner(url, scrape, elsewhere !== undefined);
  return { findings: [found, port, format, data(exposition)], exposition };
}

/** What to say when our metrics are at the same host under another path; `undefined` when they are not. */
async function otherAddress(request: HttpRequest, url: string, { response }: HttpResult): Promise<string | undefined> {
  const address = new URL(url);
  if (response === undefined || address.pathname === PATH) return undefined;
  address.pathname = PATH;
  address.search = '';
  const other = await request(address.href);
  const parsed = other.response?.status === 200 ? parse(other.response.text) : undefined;
  if (typeof parsed !== 'object' || !hasOurMetrics(parsed)) return undefined;
  return `${url} answers ${response.status}, and the metrics of this program are at ${address.href}`;
}

/** The finding, and the body when the status is 200. */
function reachability(url: string, scrape: HttpResult): { endpoint: Finding; text?: string } {
  if (scrape.failure !== undefined) {
    const { kind, message } = scrape.failure;
    const remedy = kind === 'timeout' ? REMEDY.slowEndpoint : REMEDY.noEndpoint;
    return { endpoint: failure('endpoint', `${url}: ${message}`, remedy) };
  }
  const { status, text, sentAt, receivedAt } = scrape.response;
  if (status !== 200) {
    const firstLine = text.trim().split('\n')[0]?.slice(0, 120);
    const { location } = scrape.response;
    const what = location === undefined ? firstLine : `it redirects to ${location}, which is not followed`;
    return { endpoint: failure('endpoint', `${url} answers ${status}: ${what}`, REMEDY.noMetrics) };
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

async function portOwner(address: string, scrape: HttpResult, isOurs: boolean): Promise<Finding> {
  const url = new URL(address);
  if (!LOOPBACK.includes(url.hostname)) return skipped('port', `${url.hostname} is another machine`);
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  if (scrape.failure?.kind === 'refused') return skipped('port', `no process listens on port ${port}`);
  const holder = await findPortHolder(port, url.hostname === 'localhost' ? '127.0.0.1' : url.hostname);
  if (holder === undefined) {
    return skipped(
      'port',
      `the process on port ${port} is unknown: it belongs to another user, or the system is not Linux`,
    );
  }
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
  return hasOurMetrics(exposition)
    ? warning('data', 'No primitive has been built in this process yet', REMEDY.noSeries)
    : failure('data', 'The endpoint has no series of this package', REMEDY.noSeries);
}
