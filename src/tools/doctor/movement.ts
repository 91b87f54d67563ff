/** Checks that compare two scrapes of the endpoint. */
import { type Exposition, select, sumOf } from '../../prometheus/parse.ts';
import { type Finding, failure, ok, skipped, warning } from './finding.ts';
import { REMEDY } from './remedies.ts';

export interface ScrapePair {
  readonly before: Exposition;
  readonly after: Exposition;
  /** The time between the two scrapes, in seconds. */
  readonly seconds: number;
}

/** The endpoint answered the first scrape, and not a later one: why. */
export interface LostEndpoint {
  readonly lost: string;
}

const EXECUTIONS = 'tta_primitive_executions_total';
/** Calls by clients that no primitive makes are in no execution. */
const MODEL_CALLS = 'tta_llm_requests_total';

const CHECKS = ['movement', 'spans', 'series'] as const;

/** @param pair `undefined` when the first scrape failed, which is a finding already: all checks are skipped */
export function checkMovement(pair: ScrapePair | LostEndpoint | undefined): Finding[] {
  if (pair !== undefined && 'after' in pair) {
    return [movement(pair), spans(pair), series(pair.after)];
  }
  const findings = CHECKS.map((check) => skipped(check, 'there are no two scrapes to compare'));
  if (pair === undefined) return findings;
  const detail = `The endpoint answered once, and then no more: ${pair.lost}`;
  return [failure('movement', detail, REMEDY.noEndpoint), ...findings.slice(1)];
}

/** Whether an execution or a model call ended between the two scrapes. */
export function hasMoved({ before, after }: ScrapePair): boolean {
  return [EXECUTIONS, MODEL_CALLS].some((name) => sumOf(after, name) !== sumOf(before, name));
}

function movement({ before, after, seconds }: ScrapePair): Finding {
  const within = `within ${seconds.toFixed(1)} s`;
  if (JSON.stringify(before.samples) === JSON.stringify(after.samples)) {
    return failure('movement', `No number changed ${within}, not even the CPU time`, REMEDY.frozen);
  }
  if (sumOf(before, 'process_start_time_seconds') !== sumOf(after, 'process_start_time_seconds')) {
    return warning('movement', 'The process was restarted between the two scrapes', REMEDY.noMovement);
  }
  const increase = (name: string) => sumOf(after, name) - sumOf(before, name);
  const ended = increase(EXECUTIONS);
  if (ended > 0) return ok('movement', `${ended} executions ended ${within}`);
  const calls = increase(MODEL_CALLS);
  if (calls > 0) return ok('movement', `${calls} model calls ended ${within}`);
  const active = sumOf(after, 'tta_primitive_active');
  return warning('movement', `No execution ended ${within}, ${active} are running`, REMEDY.noMovement);
}

function spans({ before, after, seconds }: ScrapePair): Finding {
  const name = 'tta_spans_lost_total';
  const lost = select(after, name)
    .filter(({ value }) => value > 0)
    .map(({ labels, value }) => `${value} ${labels.reason}`);
  const increase = sumOf(after, name) - sumOf(before, name);
  if (increase > 0) {
    const detail = `${increase} spans were lost within ${seconds.toFixed(1)} s; since the start: ${lost.join(', ')}`;
    return failure('spans', detail, REMEDY.spansLost);
  }
  if (lost.length > 0) return warning('spans', `Spans were lost since the start: ${lost.join(', ')}`, REMEDY.spansLost);
  return select(after, name).length > 0
    ? ok('spans', 'The program has lost no spans')
    : skipped('spans', 'the endpoint does not count lost spans');
}

function series(after: Exposition): Finding {
  const full = select(after, 'tta_series_overflow_total').filter(({ value }) => value > 0);
  const names = full.map(({ labels, value }) => `${labels.metric} (${value})`).join(', ');
  return full.length > 0
    ? warning('series', `Measurements counted as __other__ because the metric is full: ${names}`, REMEDY.overflow)
    : ok('series', 'No metric is full');
}
