/** Checks the endpoint of the observed program: whether it answers, which process it is, and whether it has our metrics. */
import { findPortHolder, type PortHolder } from '../../platform/port-holder.ts';
import { type Exposition, parseExposition, select } from '../../prometheus/parse.ts';
import { type Finding, failure, ok, skipped, warning } from './finding.ts';
import type { HttpResult } from './http-request.ts';
import { REMEDY } from './remedies.ts';

export interface EndpointResult {
  readonly findings: readonly Finding[];
  /** `undefined` when it could not be read. */
  readonly exposition: Exposition | undefined;
}

export const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** @param scrape the result of the first scrape of `url` */
export async function checkEndpoint(url: string, scrape: HttpResult): Promise<EndpointResult> {
  const { endpoint, text } = reachability(url, scrape);
  const parsed = text === undefined ? undefined : parse(text);
  const exposition = parsed instanceof SyntaxError ? undefined : parsed;
  const format =
    parsed === undefined
      ? skipped('format', 'the endpoint does not answer with metrics')
      : parsed instanceof SyntaxError
        ? failure('format', `The answer does not parse: ${parsed.message}`, REMEDY.noMetrics)
        : ok('format', `${parsed.samples.length} series of ${parsed.types.size} metrics`);
  const port = await portOwner(new URL(url), scrape, exposition !== undefined && hasOurMetrics(exposition));
  return { findings: [endpoint, port, format, data(exposition)], exposition };
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
    return { endpoint: failure('endpoint', `${url} answers ${status}: ${firstLine}`, REMEDY.noMetrics) };
  }
  return { endpoint: ok('endpoint', `${url} answers in ${(receivedAt - sentAt).toFixed(0)} ms`), text };
}

function parse(text: string): Exposition | SyntaxError {
  try {
    return parseExposition(text);
  } catch (error) {
    return error as SyntaxError;
  }
}

/** A process that uses this package has `tta_spans_lost_total` before any primitive has been built. */
function hasOurMetrics(exposition: Exposition): boolean {
  return select(exposition, 'tta_spans_lost_total').length > 0 || hasPrimitives(exposition);
}

function hasPrimitives(exposition: Exposition): boolean {
  return select(exposition, 'tta_primitive_executions_total').length > 0;
}

async function portOwner(url: URL, scrape: HttpResult, isOurs: boolean): Promise<Finding> {
  if (!LOOPBACK.includes(url.hostname)) return skipped('port', `${url.hostname} is another machine`);
  const port = Number(url.port || 80);
  if (scrape.failure?.kind === 'refused') return skipped('port', `no process listens on port ${port}`);
  const holder = await findPortHolder(port, url.hostname === 'localhost' ? '127.0.0.1' : url.hostname);
  if (holder === undefined) {
    return skipped(
      'port',
      `the process on port ${port} is unknown: it belongs to another user, or the system is not Linux`,
    );
  }
  // A process that does not answer can still be the observed program.
  return isOurs || scrape.failure !== undefined
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
