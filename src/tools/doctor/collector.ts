/** Checks the collector: whether it answers, whether it accepts spans, and what its own metrics say about them. */
import { type Exposition, parseExposition, sum } from '../../prometheus/parse.ts';
import { type Finding, failure, ok, skipped, warning } from './finding.ts';
import type { HttpRequest, HttpResult } from './http-request.ts';
import { REMEDY } from './remedies.ts';

export interface CollectorOptions {
  /** The OTLP address: `http://HOST:4318`, without `/v1/traces`. */
  readonly otlpUrl: string;
  /** The address of the extension `health_check`. */
  readonly healthUrl: string;
  /** The address of the collector's own metrics. */
  readonly metricsUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Where the program sends its metrics by OTLP; `undefined` when it is not known that it does. */
  readonly pushUrl?: string | undefined;
  /** Whether the user named no address. A default address that refuses the connection is a warning only. */
  readonly isDefault: boolean;
}

export async function checkCollector(request: HttpRequest, options: CollectorOptions): Promise<Finding[]> {
  const { otlpUrl, healthUrl, headers, isDefault } = options;
  // An empty list: an OTLP receiver accepts it and stores nothing.
  const otlp = await request(`${otlpUrl}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: '{"resourceSpans":[]}',
  });
  return [acceptance(otlpUrl, otlp, isDefault), health(healthUrl, await request(healthUrl), otlp)];
}

function acceptance(url: string, result: HttpResult, isDefault: boolean): Finding {
  if (result.failure !== undefined) {
    const { kind, message } = result.failure;
    const verdict = isDefault && kind === 'refused' ? warning : failure;
    return verdict('collector', `${url}: ${message}`, REMEDY.noCollector);
  }
  const { status } = result.response;
  if (status === 200) return ok('collector', `${url} accepts spans`);
  return failure('collector', `${url} answers ${status} to spans`, REMEDY.collectorDenies);
}

function health(url: string, result: HttpResult, otlp: HttpResult): Finding {
  if (result.response?.status === 200) return ok('health', `${url} reports that it is healthy`);
  if (result.failure?.kind === 'refused') {
    return skipped(
      'health',
      otlp.response === undefined ? 'there is no collector' : `no health check listens at ${url}`,
    );
  }
  const detail = result.failure === undefined ? `answers ${result.response.status}` : result.failure.message;
  return failure('health', `${url}: ${detail}`, REMEDY.noCollector);
}

/** @param isPushed whether the endpoint says that the metrics are also sent */
export async function checkPushes(
  request: HttpRequest,
  { otlpUrl, pushUrl, headers }: CollectorOptions,
  isPushed: boolean,
): Promise<Finding> {
  if (pushUrl === undefined && !isPushed) return skipped('intake', 'the program sends no metrics by OTLP');
  const url = pushUrl ?? `${otlpUrl}/v1/metrics`;
  // An empty list, as for spans.
  const { response, failure: failed } = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: '{"resourceMetrics":[]}',
  });
  return response?.status === 200
    ? ok('intake', `${url} accepts metrics`)
    : failure('intake', `${url}: ${failed?.message ?? `answers ${response?.status} to metrics`}`, REMEDY.pushFails);
}

/** The collector's own metrics; `undefined` when they cannot be read. */
export function readTelemetry({ response }: HttpResult): Exposition | undefined {
  try {
    return response?.status === 200 ? parseExposition(response.text) : undefined;
  } catch {
    return undefined;
  }
}

/** Releases of the collector append different words to a name: `_total`, `__spans_total`, or nothing. */
function total({ samples }: Exposition, name: string): number {
  return sum(samples.filter((sample) => sample.name.startsWith(name)));
}

const DROPPED_SPANS = [
  'otelcol_receiver_refused_spans',
  'otelcol_exporter_send_failed_spans',
  'otelcol_exporter_enqueue_failed_spans',
] as const;
/** The queue is nearly full above this share of its capacity. */
const QUEUE_WARNING_SHARE = 0.8;

/**
 * Checks whether spans arrive and whether they are dropped.
 *
 * @param url the address of the collector's own metrics
 * @param before these metrics at the start
 * @param after these metrics later; the difference is the spans of the time between
 */
export function checkSpans(url: string, before: Exposition | undefined, after: Exposition | undefined): Finding[] {
  if (before === undefined || after === undefined) {
    return ['arrivals', 'drops'].map((check) => skipped(check, `the collector's own metrics are not at ${url}`));
  }
  const accepted = total(after, 'otelcol_receiver_accepted_spans');
  const recently = accepted - total(before, 'otelcol_receiver_accepted_spans');
  const arrivals =
    accepted > 0
      ? ok('arrivals', `The collector has accepted ${accepted} spans, ${recently} of them during this check`)
      : warning('arrivals', 'The collector has accepted no span since its start', REMEDY.spansLost);
  return [arrivals, drops(before, after)];
}

function drops(before: Exposition, after: Exposition): Finding {
  const counts = DROPPED_SPANS.map((name) => ({
    name,
    count: total(after, name),
    increase: total(after, name) - total(before, name),
  }));
  const list = counts.flatMap(({ name, count }) => (count > 0 ? `${name} ${count}` : [])).join(', ');
  if (counts.some(({ increase }) => increase > 0))
    return failure('drops', `During this check: ${list}`, REMEDY.collectorDrops);
  if (list !== '') return warning('drops', `Since the start of the collector: ${list}`, REMEDY.collectorDrops);
  const capacity = total(after, 'otelcol_exporter_queue_capacity');
  const size = total(after, 'otelcol_exporter_queue_size');
  if (capacity > 0 && size / capacity > QUEUE_WARNING_SHARE) {
    return warning('drops', `Its queue is ${Math.round((100 * size) / capacity)} % full`, REMEDY.collectorDrops);
  }
  const sent = (exposition: Exposition) => total(exposition, 'otelcol_exporter_sent_');
  if (size > 0 && total(before, 'otelcol_exporter_queue_size') > 0 && sent(after) === sent(before)) {
    return warning('drops', 'Its queue is not empty, and it has sent nothing during this check', REMEDY.collectorDrops);
  }
  return ok('drops', 'The collector refuses and drops no spans');
}
