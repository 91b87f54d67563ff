import type { Clock } from '../../platform/clock.ts';
import { type Exposition, parseExposition, select } from '../../prometheus/parse.ts';
import { type Answer, createAsk } from './ask.ts';
import { examineClock, type Reading } from './clock.ts';
import { type CollectorQuestion, examineArrivals, examineCollector, readTelemetry } from './collector.ts';
import { examineEndpoint } from './endpoint.ts';
import { type Finding, skipped } from './finding.ts';
import { examineMovement, type Pair } from './movement.ts';
import { examinePrometheus, type PrometheusQuestion } from './prometheus.ts';
import { examineVersions, type VersionsQuestion } from './versions.ts';

export interface Installation {
  readonly metricsUrl: string;
  /** `undefined`: there is none to be. */
  readonly prometheus: Pick<PrometheusQuestion, 'url' | 'assumed'> | undefined;
  /** `undefined`: there is none to be. */
  readonly collector: CollectorQuestion | undefined;
  readonly versions: VersionsQuestion;
  /** Between the two scrapes, in milliseconds. */
  readonly waitMs: number;
  /** For one answer, in milliseconds. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** Looks at everything once, from outside, and changes nothing. `onFinding` is told in the order of the list. */
export async function diagnose(installation: Installation, onFinding: (finding: Finding) => void): Promise<Finding[]> {
  const { metricsUrl, prometheus, collector, versions, waitMs, timeoutMs, clock } = installation;
  const ask = createAsk(clock, timeoutMs);
  const findings: Finding[] = [];
  const tell = (some: readonly Finding[]) => {
    findings.push(...some);
    for (const finding of some) onFinding(finding);
  };
  const telemetry = async () => (collector === undefined ? undefined : readTelemetry(await ask(collector.metricsUrl)));

  const [first, spansBefore] = await Promise.all([ask(metricsUrl), telemetry()]);
  const { findings: endpoint, exposition } = await examineEndpoint(metricsUrl, first);
  tell(endpoint);
  if (exposition !== undefined || spansBefore !== undefined) await clock.sleep(waitMs);
  const [second, spansAfter] = await Promise.all([ask(metricsUrl), telemetry()]);
  tell(examineMovement(pairOf(first, exposition, second)));

  const readings: Reading[] = first.reply === undefined ? [] : dateOf('the endpoint', first);
  if (prometheus === undefined) tell([skipped('prometheus', 'it was not asked for')]);
  else {
    const processStart = exposition && select(exposition, 'process_start_time_seconds')[0]?.value;
    const { findings: found, time } = await examinePrometheus(ask, { ...prometheus, metricsUrl, processStart });
    tell(found);
    if (time !== undefined) readings.push({ of: 'Prometheus', precision: 1, ...time });
  }
  if (collector === undefined) tell([skipped('collector', 'it was not asked for')]);
  else {
    tell(await examineCollector(ask, collector));
    tell(examineArrivals(collector.metricsUrl, spansBefore, spansAfter));
  }
  tell([examineClock(readings)]);
  tell(await examineVersions(versions));
  return findings;
}

function pairOf(first: Answer, before: Exposition | undefined, second: Answer): Pair | undefined {
  if (before === undefined || first.reply === undefined || second.reply?.status !== 200) return undefined;
  try {
    const seconds = (second.reply.receivedAt - first.reply.receivedAt) / 1_000;
    return { before, after: parseExposition(second.reply.text), seconds };
  } catch {
    return undefined;
  }
}

function dateOf(of: string, { reply }: Answer): Reading[] {
  if (reply?.date === undefined) return [];
  return [{ of, at: reply.date, precision: 1_000, sentAt: reply.sentAt, receivedAt: reply.receivedAt }];
}
