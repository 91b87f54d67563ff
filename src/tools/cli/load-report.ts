import Table from 'cli-table3';
import { type Exposition, select, sumOf } from '../../prometheus/parse.ts';
import type { LatencySummary } from '../load/latency-histogram.ts';
import type { LoadMeasurements } from '../load/run-load.ts';
import type { ScrapeReport } from '../load/scraper.ts';
import { runMetrics } from './run-metrics.ts';

export interface LoadResults extends LoadMeasurements {
  readonly version: string;
  readonly node: string;
  readonly startedAt: string;
  /** `loadBefore` and `loadAfter` are load averages over one minute. */
  readonly machine: { readonly cores: number; readonly loadBefore: number; readonly loadAfter: number };
  readonly options: {
    readonly rate: number | 'max';
    readonly concurrency: number;
    readonly duration: number;
    readonly faultShare: number;
  };
  /** Counts from the metrics, and the number of requests that the model server received. */
  readonly counted: ExecutionCounts & { readonly modelServer: number };
  readonly spans: {
    readonly ended: number;
    /** Lost spans by reason, also reasons with 0. */
    readonly lost: Readonly<Record<string, number>>;
    /** Spans that the trace receiver of `tta load` received; `undefined` when they are sent to a collector. */
    readonly received: number | undefined;
  };
  readonly scrapes: ScrapeReport | undefined;
}

interface ExecutionCounts {
  readonly requests: number;
  readonly modelRequests: number;
  readonly cacheHits: number;
  readonly quoted: number;
  readonly dollars: number;
}

export interface LoadVerdict {
  readonly claim: string;
  readonly holds: boolean;
  readonly detail: string;
}

export interface LoadReport extends LoadResults {
  readonly verdicts: readonly LoadVerdict[];
}

/** The differences between two scrapes. */
export function countExecutions(after: Exposition, before: Exposition): ExecutionCounts {
  const gained = (name: string, labels = {}) => sumOf(after, name, labels) - sumOf(before, name, labels);
  const { cacheHits, quoted, dollars } = runMetrics(after, before);
  return {
    requests: gained('tta_workflow_executions_total', { workflow_name: 'digest' }),
    modelRequests: gained('tta_llm_requests_total'),
    cacheHits,
    quoted,
    dollars,
  };
}

export function countLostSpans(after: Exposition, before: Exposition): Record<string, number> {
  const earlier = (reason: string) => select(before, 'tta_spans_lost_total', { reason })[0]?.value ?? 0;
  return Object.fromEntries(
    select(after, 'tta_spans_lost_total').map(({ labels: { reason = '' }, value }) => [
      reason,
      value - earlier(reason),
    ]),
  );
}

export function judgeLoad({ requests, counted, spans, scrapes }: LoadResults): LoadVerdict[] {
  const lost = Object.values(spans.lost).reduce((sum, count) => sum + count, 0);
  const { ended, received } = spans;
  return [
    {
      claim: 'every request is counted once',
      holds: requests.done === counted.requests,
      detail: `${requests.done} done, ${counted.requests} counted`,
    },
    {
      claim: 'no span is lost',
      holds: lost === 0 && (received === undefined || received === ended),
      detail: `${ended} ended, ${lost} lost${received === undefined ? '' : `, ${received} arrived`}`,
    },
    {
      claim: 'every scrape is answered in time',
      holds: scrapes !== undefined && scrapes.failed === 0,
      detail:
        scrapes === undefined
          ? 'there was no endpoint: the port is taken, or telemetry is off'
          : `${scrapes.count} answered, ${scrapes.failed} not${scrapes.lastFailure === undefined ? '' : `: ${scrapes.lastFailure}`}`,
    },
  ];
}

const ms = (value: number) => (value < 10_000 ? `${value.toFixed(1)} ms` : `${(value / 1_000).toFixed(1)} s`);
const MB = (value: number) => `${value.toFixed(1)} MB`;

/** The report as text. It has no colours, because the output can be a file. */
export function renderLoad(report: LoadReport): string {
  const { requests, latencyMs, eventLoopDelayMs, memoryMB, scrapes, machine, counted } = report;
  const table = new Table({
    head: ['', 'mean', 'p50', 'p90', 'p99', 'p99.9', 'max'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  const row = (name: string, { mean, p50, p90, p99, p999, max }: LatencySummary) =>
    table.push([name, ...[mean, p50, p90, p99, p999, max].map(ms)]);
  row('since scheduled', latencyMs.sinceScheduled);
  row('since start', latencyMs.sinceStart);
  if (scrapes !== undefined) row('scrape', scrapes);
  const late =
    requests.notStarted > 0 ? `, ${requests.notStarted} scheduled but never started: the rate is too high` : '';
  return [
    `${requests.done} requests in ${report.seconds.toFixed(1)} s, ${requests.perSecond.toFixed(1)} a second, ${requests.failed} failed${late}`,
    ...(requests.lastFailure === undefined ? [] : [`last failure       ${requests.lastFailure}`]),
    table.toString(),
    `model calls        ${counted.modelRequests}, ${counted.cacheHits} answered by the cache, ${counted.quoted} quoted, $${counted.dollars.toFixed(4)}`,
    `event loop delay   p50 ${ms(eventLoopDelayMs.p50)}, p99 ${ms(eventLoopDelayMs.p99)}, max ${ms(eventLoopDelayMs.max)}`,
    `CPU                ${(report.cpuShare * 100).toFixed(0)} % of one core; load of the machine ${machine.loadBefore.toFixed(1)} before, ${machine.loadAfter.toFixed(1)} after, ${machine.cores} cores`,
    `memory             resident ${MB(memoryMB.start)} at the start, ${MB(memoryMB.max)} at most, ${MB(memoryMB.end)} at the end, ${MB(memoryMB.slopePerMinute)} a minute in the second half`,
    `                   heap ${MB(memoryMB.heapStart)}, ${MB(memoryMB.heapMax)}, ${MB(memoryMB.heapEnd)}, ${MB(memoryMB.heapSlopePerMinute)} a minute`,
    ...report.verdicts.map(({ claim, holds, detail }) => `${holds ? 'yes' : 'NO '}  ${claim} (${detail})`),
  ].join('\n');
}
