import Table from 'cli-table3';
import type { RunMetrics } from './run-metrics.ts';

/** The metrics of one run and of all runs since the start. */
export interface RunReport {
  /** Counts from 1. */
  readonly run: number;
  /** `undefined` for a run that was stopped. */
  readonly files: number | undefined;
  readonly thisRun: RunMetrics;
  readonly sinceStart: RunMetrics;
}

/** The table at the end of a run. It has no colours, because the output can be a file. */
export function renderTable({ run, files, thisRun, sinceStart }: RunReport): string {
  const table = new Table({
    head: ['', `run ${run}`, 'since start'],
    colAligns: ['left', 'right', 'right'],
    style: { head: [], border: [] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  const row = (name: string, show: (metrics: RunMetrics) => string | number) =>
    table.push([name, show(thisRun), show(sinceStart)]);
  if (files !== undefined) table.push(['files', files, '']);
  row('parts', ({ parts, failedParts }) => (failedParts > 0 ? `${parts} (${failedParts} failed)` : parts));
  row('cache hits', ({ cacheHits }) => cacheHits);
  row('retries', ({ retries }) => retries);
  row('fallbacks to the other model', ({ otherModel }) => otherModel);
  row('without a model', ({ quoted }) => quoted);
  row('tokens in', ({ inputTokens }) => inputTokens.toLocaleString('en'));
  row('tokens out', ({ outputTokens }) => outputTokens.toLocaleString('en'));
  row('dollars', showDollars);
  for (const use of usesOf(sinceStart)) row(use, ({ dollarsByUse }) => inDollars(dollarsByUse[use]));
  row('saved by the cache', ({ saved }) => inDollars(saved));
  row('p95 of a part', ({ p95 }) => (p95 === undefined ? '' : showSeconds(p95)));
  return table.toString();
}

/** Every use that had dollars, and these two always: they say that nothing was wasted. */
function usesOf({ dollarsByUse }: RunMetrics): string[] {
  return [...new Set(['answered', 'retried', ...Object.keys(dollarsByUse)])];
}

const inDollars = (dollars = 0) => `$${dollars.toFixed(6)}`;

function showDollars({ dollars, unpriced, unmetered }: RunMetrics): string {
  const unknown = [
    unpriced > 0 ? ` + ${unpriced} calls of unknown price` : '',
    unmetered > 0 ? ` + ${unmetered} calls of unknown tokens` : '',
  ];
  return `${inDollars(dollars)}${unknown.join('')}`;
}

function showSeconds(seconds: number): string {
  return seconds < 1 ? `${(seconds * 1_000).toFixed(1)} ms` : `${seconds.toFixed(2)} s`;
}
