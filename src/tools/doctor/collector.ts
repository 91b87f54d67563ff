/** The collector: does it answer, does it take spans, and what does it say about them. */
import { type Exposition, parseExposition, sum } from '../../prometheus/parse.ts';
import type { Answer, Ask } from './ask.ts';
import { type Finding, failure, ok, skipped, warning } from './finding.ts';
import { REMEDY } from './remedies.ts';

export interface CollectorQuestion {
  /** Where spans go: `http://HOST:4318`, without `/v1/traces`. */
  readonly otlpUrl: string;
  /** Of the extension `health_check`. */
  readonly healthUrl: string;
  /** Of its own telemetry. */
  readonly metricsUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Nobody named it: that there is none is no failure. */
  readonly assumed: boolean;
}

export async function examineCollector(ask: Ask, question: CollectorQuestion): Promise<Finding[]> {
  const { otlpUrl, healthUrl, headers, assumed } = question;
  // Spans of no resource: whoever takes spans takes these, and keeps nothing.
  const otlp = await ask(`${otlpUrl}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: '{"resourceSpans":[]}',
  });
  return [taking(otlpUrl, otlp, assumed), health(healthUrl, await ask(healthUrl), otlp)];
}

function taking(url: string, { reply, none }: Answer, assumed: boolean): Finding {
  if (none !== undefined) {
    const absent = assumed && none.why === 'refused';
    return (absent ? warning : failure)('collector', `${url}: ${none.reason}`, REMEDY.noCollector);
  }
  if (reply.status === 200) return ok('collector', `${url} takes spans`);
  return failure('collector', `${url} answers ${reply.status} to spans`, REMEDY.collectorDenies);
}

function health(url: string, { reply, none }: Answer, otlp: Answer): Finding {
  if (reply?.status === 200) return ok('health', `${url} says that it is well`);
  if (none?.why === 'refused') {
    return skipped('health', otlp.reply === undefined ? 'there is no collector' : `no health check listens at ${url}`);
  }
  const detail = none === undefined ? `answers ${reply.status}` : none.reason;
  return failure('health', `${url}: ${detail}`, REMEDY.noCollector);
}

/** The collector's own metrics, `undefined` where they cannot be read. */
export function readTelemetry({ reply }: Answer): Exposition | undefined {
  try {
    return reply?.status === 200 ? parseExposition(reply.text) : undefined;
  } catch {
    return undefined;
  }
}

/** Releases differ in what they append to a name: `_total`, `__spans_total`, nothing. */
function total({ samples }: Exposition, name: string): number {
  return sum(samples.filter((sample) => sample.name.startsWith(name)));
}

const DROPS = [
  'otelcol_receiver_refused_spans',
  'otelcol_exporter_send_failed_spans',
  'otelcol_exporter_enqueue_failed_spans',
] as const;
const FULL = 0.8;

export function examineArrivals(url: string, before: Exposition | undefined, after: Exposition | undefined): Finding[] {
  if (before === undefined || after === undefined) {
    return ['arrivals', 'drops'].map((check) => skipped(check, `the collector's own metrics are not at ${url}`));
  }
  const accepted = total(after, 'otelcol_receiver_accepted_spans');
  const now = accepted - total(before, 'otelcol_receiver_accepted_spans');
  const arrivals =
    accepted > 0
      ? ok('arrivals', `The collector has taken ${accepted} spans, ${now} of them just now`)
      : warning('arrivals', 'The collector has taken no span since it was started', REMEDY.spansLost);
  return [arrivals, drops(before, after)];
}

function drops(before: Exposition, after: Exposition): Finding {
  const all = DROPS.map((name) => ({
    name,
    count: total(after, name),
    gained: total(after, name) - total(before, name),
  }));
  const list = all.flatMap(({ name, count }) => (count > 0 ? `${name} ${count}` : [])).join(', ');
  if (all.some(({ gained }) => gained > 0)) return failure('drops', `Just now: ${list}`, REMEDY.collectorDrops);
  if (list !== '') return warning('drops', `Since it was started: ${list}`, REMEDY.collectorDrops);
  const capacity = total(after, 'otelcol_exporter_queue_capacity');
  const waiting = total(after, 'otelcol_exporter_queue_size');
  if (capacity > 0 && waiting / capacity > FULL) {
    return warning('drops', `Its queue is full to ${Math.round((100 * waiting) / capacity)} %`, REMEDY.collectorDrops);
  }
  return ok('drops', 'The collector refuses and loses none');
}
