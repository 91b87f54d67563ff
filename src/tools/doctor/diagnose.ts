import type { Clock } from '../../platform/clock.ts';
import { type Exposition, parseExposition, select } from '../../prometheus/parse.ts';
import { type ClockReading, checkClock } from './clock.ts';
import { type CollectorOptions, checkCollector, checkPushes, checkSpans, readTelemetry } from './collector.ts';
import { checkEndpoint } from './endpoint.ts';
import { type Finding, skipped } from './finding.ts';
import { createHttpRequest, type HttpResult } from './http-request.ts';
import { metricsAddress } from './metrics-address.ts';
import { checkModelCalls } from './model-calls.ts';
import { checkMovement, hasMoved, type LostEndpoint, type ScrapePair } from './movement.ts';
import { checkPrometheus, type PrometheusOptions } from './prometheus.ts';
import { checkScrapes, OPEN_METRICS } from './scrapes.ts';
import { checkVersions, type VersionsOptions } from './versions.ts';

export interface DiagnoseOptions {
  /** The endpoint of the observed program: `http://HOST:9464/metrics`. */
  readonly metricsUrl: string;
  /** Sent with each request to the endpoint, such as its token. @default none */
  readonly metricsHeaders?: Readonly<Record<string, string>>;
  /** `undefined`: Prometheus is not checked. */
  readonly prometheus: Pick<PrometheusOptions, 'url' | 'isDefault'> | undefined;
  /** `undefined`: the collector is not checked. */
  readonly collector: CollectorOptions | undefined;
  readonly versions: VersionsOptions;
  /** The time between the two scrapes, in milliseconds. While nothing moves, it is waited three times. */
  readonly waitMs: number;
  /** The deadline of each HTTP request, in milliseconds. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** How often the time between two scrapes is waited for an execution to end. */
const MOST_WAITS = 3;

/**
 * Runs all checks once, from outside of the observed program, and changes nothing.
 *
 * @param onFinding called with each finding as soon as it is known, in the order of the returned list
 */
export async function diagnose(options: DiagnoseOptions, onFinding: (finding: Finding) => void): Promise<Finding[]> {
  const { metricsHeaders = {}, prometheus, collector, versions, waitMs, timeoutMs, clock } = options;
  const metricsUrl = metricsAddress(options.metricsUrl);
  const request = createHttpRequest(clock, timeoutMs);
  const findings: Finding[] = [];
  const add = (more: readonly Finding[]) => {
    findings.push(...more);
    for (const finding of more) onFinding(finding);
  };
  const telemetry = async () =>
    collector === undefined ? undefined : readTelemetry(await request(collector.metricsUrl));

  // As Prometheus does: the endpoint then does not wait for a callback that never ends until it is too late to say so.
  const patience = { 'x-prometheus-scrape-timeout-seconds': String(timeoutMs / 1_000) };
  const scrape = (headers: Readonly<Record<string, string>> = {}) =>
    request(metricsUrl, { headers: { ...patience, ...metricsHeaders, ...headers } });

  const [first, telemetryBefore] = await Promise.all([scrape(), telemetry()]);
  const { findings: endpointFindings, exposition } = await checkEndpoint(request, metricsUrl, first);
  add(endpointFindings);
  let pair: ScrapePair | LostEndpoint | undefined;
  // A program may pause: tta digest does so for 5 s between two runs.
  for (let waits = 0; waits < MOST_WAITS && (exposition !== undefined || telemetryBefore !== undefined); waits += 1) {
    await clock.sleep(waitMs);
    if (exposition === undefined) break;
    pair = scrapePair(first, exposition, await scrape());
    if ('lost' in pair || hasMoved(pair)) break;
  }
  add(checkMovement(pair));
  const last = pair !== undefined && 'after' in pair ? pair.after : exposition;
  add(checkScrapes(last, last && (await scrape({ accept: OPEN_METRICS }))));
  add(checkModelCalls(last));
  const telemetryAfter = await telemetry();

  const readings: ClockReading[] = endpointTime(first);
  if (prometheus === undefined) add([skipped('prometheus', 'it is switched off')]);
  else {
    const processStart = exposition && select(exposition, 'process_start_time_seconds')[0]?.value;
    const result = await checkPrometheus(request, { ...prometheus, metricsUrl, processStart });
    add(result.findings);
    if (result.time !== undefined) readings.push({ source: 'Prometheus', precisionMs: 1, ...result.time });
  }
  if (collector === undefined) add([skipped('collector', 'it is switched off')]);
  else {
    add(await checkCollector(request, collector));
    const isPushed = last !== undefined && select(last, 'tta_metrics_push_failures_total').length > 0;
    add([await checkPushes(request, collector, isPushed)]);
    add(checkSpans(collector.metricsUrl, telemetryBefore, telemetryAfter));
  }
  add([checkClock(readings)]);
  add(await checkVersions(versions));
  return findings;
}

function scrapePair(first: HttpResult, before: Exposition, second: HttpResult): ScrapePair | LostEndpoint {
  if (second.response === undefined) return { lost: second.failure.message };
  const { status, text, receivedAt } = second.response;
  if (status !== 200) return { lost: `status ${status}` };
  try {
    const seconds = (receivedAt - (first.response?.receivedAt ?? receivedAt)) / 1_000;
    return { before, after: parseExposition(text), seconds };
  } catch (error) {
    return { lost: (error as SyntaxError).message };
  }
}

function endpointTime({ response }: HttpResult): ClockReading[] {
  if (response?.date === undefined) return [];
  const { date, sentAt, receivedAt } = response;
  return [{ source: 'the endpoint', time: date, precisionMs: 1_000, sentAt, receivedAt }];
}
