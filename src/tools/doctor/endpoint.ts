/** The endpoint of the program that is observed: does it answer, who is it, and does it say what it should. */

import { findPortHolder, type PortHolder } from '../../platform/port-holder.ts';
import { type Exposition, parseExposition, select } from '../../prometheus/parse.ts';
import type { Answer } from './ask.ts';
import { type Finding, failure, ok, skipped, warning } from './finding.ts';
import { REMEDY } from './remedies.ts';

export interface EndpointExam {
  readonly findings: readonly Finding[];
  /** `undefined` where it could not be read. */
  readonly exposition: Exposition | undefined;
}

export const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** @param answer to the first scrape of `url` */
export async function examineEndpoint(url: string, answer: Answer): Promise<EndpointExam> {
  const { endpoint, readable } = reachable(url, answer);
  const parsed = readable === undefined ? undefined : parse(readable);
  const exposition = parsed instanceof SyntaxError ? undefined : parsed;
  const format =
    parsed === undefined
      ? skipped('format', 'the endpoint does not answer with metrics')
      : parsed instanceof SyntaxError
        ? failure('format', `The answer does not parse: ${parsed.message}`, REMEDY.noMetrics)
        : ok('format', `${parsed.samples.length} series of ${parsed.types.size} metrics`);
  const port = await whoHolds(new URL(url), answer, exposition !== undefined && isOurs(exposition));
  return { findings: [endpoint, port, format, data(exposition)], exposition };
}

function reachable(url: string, { reply, none }: Answer): { endpoint: Finding; readable?: string } {
  if (none !== undefined) {
    const remedy = none.why === 'timeout' ? REMEDY.slowEndpoint : REMEDY.noEndpoint;
    return { endpoint: failure('endpoint', `${url}: ${none.reason}`, remedy) };
  }
  if (reply.status !== 200) {
    const words = reply.text.trim().split('\n')[0]?.slice(0, 120);
    return { endpoint: failure('endpoint', `${url} answers ${reply.status}: ${words}`, REMEDY.noMetrics) };
  }
  const took = (reply.receivedAt - reply.sentAt).toFixed(0);
  return { endpoint: ok('endpoint', `${url} answers in ${took} ms`), readable: reply.text };
}

function parse(text: string): Exposition | SyntaxError {
  try {
    return parseExposition(text);
  } catch (error) {
    return error as SyntaxError;
  }
}

/** A process of ours shows this much before anything has run. */
function isOurs(exposition: Exposition): boolean {
  return select(exposition, 'tta_spans_lost_total').length > 0 || hasPrimitives(exposition);
}

function hasPrimitives(exposition: Exposition): boolean {
  return select(exposition, 'tta_primitive_executions_total').length > 0;
}

async function whoHolds(url: URL, answer: Answer, ours: boolean): Promise<Finding> {
  if (!LOOPBACK.includes(url.hostname)) return skipped('port', `${url.hostname} is another machine`);
  const port = Number(url.port || 80);
  if (answer.none?.why === 'refused') return skipped('port', `nobody listens on port ${port}`);
  const holder = await findPortHolder(port, url.hostname === 'localhost' ? '127.0.0.1' : url.hostname);
  if (holder === undefined) {
    return skipped('port', `the system does not tell who holds port ${port}: another user's process, or not Linux`);
  }
  // One that does not answer may be ours all the same.
  return ours || answer.none !== undefined
    ? ok('port', `${named(holder)} holds port ${port}`)
    : failure('port', `${named(holder)} holds port ${port}, and shows no metrics of ours`, REMEDY.portTaken);
}

const named = ({ command, pid }: PortHolder) => `${command} (process ${pid})`;

function data(exposition: Exposition | undefined): Finding {
  if (exposition === undefined) return skipped('data', 'there is no scrape to look into');
  if (hasPrimitives(exposition)) {
    const names = new Set(
      select(exposition, 'tta_primitive_executions_total').map(({ labels }) => labels.primitive_name),
    );
    return ok('data', `${names.size} primitives show their series`);
  }
  return isOurs(exposition)
    ? warning('data', 'No primitive has been built in this process yet', REMEDY.noSeries)
    : failure('data', 'Not one series of this package is there', REMEDY.noSeries);
}
