/** Facts of a run or a span as they stand in lists. What is not known is said, and is not 0. */
import { signal } from '@preact/signals';
import { every, now } from '../browser.ts';
import { formatAgo, formatCount, formatDollars, formatFullTime, formatMoment } from '../format.ts';
import { show } from '../show.ts';

/** A text of a span. Its direction does not change that of the texts beside it. */
export function Text({ of, length = 300 }: { readonly of: string; readonly length?: number }) {
  return of.trim() === '' ? <span class="soft">(empty)</span> : <bdi>{show(of, length)}</bdi>;
}

export interface DollarsProps {
  readonly nanodollars: number | null;
  readonly unpricedCalls: number;
}

/** `$0.0042`; `≥ $0.0042` where the cost of some calls is not known; `unknown` where that of none is; `–` where there was nothing to pay. */
export function Dollars({ nanodollars, unpricedCalls }: DollarsProps) {
  if (unpricedCalls === 0) return nanodollars === null ? <Nothing /> : <span>{formatDollars(nanodollars)}</span>;
  const calls = `the cost of ${formatCount(unpricedCalls)} model ${unpricedCalls === 1 ? 'call' : 'calls'} is not known`;
  return (
    <span class="partly" title={calls}>
      {nanodollars === null ? 'unknown' : `≥ ${formatDollars(nanodollars)}`}
      <span class="unseen"> ({calls})</span>
    </span>
  );
}

export interface TokensProps {
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly modelCalls: number;
}

export function Tokens({ inputTokens, outputTokens, modelCalls }: TokensProps) {
  if (inputTokens === null && outputTokens === null) return modelCalls === 0 ? <Nothing /> : <span>unknown</span>;
  const parts = `${inputTokens === null ? 'unknown' : formatCount(inputTokens)} in, ${outputTokens === null ? 'unknown' : formatCount(outputTokens)} out`;
  return <span title={parts}>{formatCount((inputTokens ?? 0) + (outputTokens ?? 0))}</span>;
}

/** There is none of it, which is not the same as unknown. */
export function Nothing() {
  return (
    <span class="soft" aria-label="none" role="img">
      –
    </span>
  );
}

const COARSE_MS = 10_000;
/** The time now, in milliseconds since the Unix epoch, not exact: it moves on every ten seconds. */
const coarseNow = signal(now());

export function followTime(): void {
  every(COARSE_MS, () => {
    coarseNow.value = now();
  });
}

/** `14:03:22 12 s ago`, and `now` in the first ten seconds; its tip has the date and the time with the zone. */
export function Moment({ us }: { readonly us: number }) {
  // The program's clock can be ahead.
  const nowMs = Math.max(coarseNow.value, us / 1_000);
  const isRecent = nowMs - us / 1_000 < COARSE_MS;
  return (
    <time dateTime={isoTime(us)} title={formatFullTime(us)}>
      <span class="clock">{formatMoment(us, nowMs)}</span>{' '}
      <span class="ago">{formatAgo(isRecent ? nowMs : us / 1_000, nowMs)}</span>
    </time>
  );
}

function isoTime(us: number): string | undefined {
  const time = new Date(us / 1_000);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}
