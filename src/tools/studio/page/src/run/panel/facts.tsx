/** The facts of a span: only those that it has, in the words of the library. */
import type { ComponentChildren } from 'preact';
import type { JobFacts, SpanFacts } from '../../../../model/facts.ts';
import { entryOf } from '../../../../model/read.ts';
import { endUs, type StudioSpan } from '../../../../model/span.ts';
import type { Wait, WaitKind } from '../../../../model/waits.ts';
import { formatCount, formatDollars, formatDuration, formatFullTime } from '../../format.ts';
import { Text } from '../../parts/cells.tsx';
import { Status } from '../../parts/status.tsx';

export const WAIT_NAMES: Readonly<Record<WaitKind, string>> = {
  backoff: 'back-off',
  rate_limit: 'rate limit',
  queue: 'queue',
  lost_worker: 'a worker was lost',
};
const UNKNOWN_DOLLARS = {
  unpriced: 'unknown: the model has no price',
  unmetered: 'unknown: the tokens are not known',
  'not told': 'unknown: the span does not tell',
} as const;

export interface FactsProps {
  readonly span: StudioSpan;
  readonly facts: SpanFacts;
  readonly waits: readonly Wait[];
  readonly runStartUs: number;
  /** Which try of a retry or hedge it is; `null` elsewhere. */
  readonly attempt: number | null;
}

export function Facts({ span, facts, waits, runStartUs, attempt }: FactsProps) {
  const rows: readonly (readonly [string, ComponentChildren])[] = [
    ['Outcome', <Status key="outcome" of={facts.outcome} />],
    ['Duration', formatDuration(endUs(span) - span.startUs)],
    ['Started', startOf(span.startUs, runStartUs)],
    ['Try', attempt === null ? null : formatCount(attempt)],
    ['Tries', triesOf(facts)],
    ['Job', facts.job === null ? null : jobOf(facts.job)],
    ...waits.map(({ kind, durationUs }) => [`Waited`, `${formatDuration(durationUs)} (${WAIT_NAMES[kind]})`] as const),
    ['Cache', facts.cache],
    ['Saved', facts.savedNanodollars === null ? null : formatDollars(facts.savedNanodollars)],
    ['Answered by', textOrNull(facts.answeredBy)],
    ['Took', textOrNull(facts.choice)],
    ['Hedge', facts.hedge === null ? null : (entryOf(HEDGES, facts.hedge) ?? <Text of={facts.hedge} />)],
    ['Circuit', textOrNull(facts.circuitState)],
    ['Limit', facts.timeoutUs === null ? null : formatDuration(facts.timeoutUs)],
    ['Iterations', countOrNull(facts.iterations)],
    ['Items', itemsOf(facts)],
    ['Model', textOrNull(facts.model)],
    ['Provider', textOrNull(facts.provider)],
    ['Tokens', tokensOf(facts)],
    ['Dollars', facts.nanodollars !== null ? formatDollars(facts.nanodollars) : unknownDollars(facts)],
    ['First chunk', facts.firstChunkUs === null ? null : `after ${formatDuration(facts.firstChunkUs)}`],
    ['Finished', facts.finishReasons.length === 0 ? null : <Text key="finished" of={facts.finishReasons.join(', ')} />],
    ['Tenant', textOrNull(facts.tenant)],
    ['Session', textOrNull(facts.session)],
    ['Service', textOrNull(span.service)],
    ['Cut', span.cut === 0 ? null : `${formatCount(span.cut)} values were too large to keep whole`],
  ];
  return (
    <dl class="facts">
      {rows.map(([name, value], i) =>
        value === null ? null : (
          <FactRow key={i} name={name}>
            {value}
          </FactRow>
        ),
      )}
    </dl>
  );
}

function startOf(us: number, runStartUs: number): string {
  const after = us - runStartUs;
  return after < 1
    ? `${formatFullTime(us)}, with the run`
    : `${formatFullTime(us)}, ${formatDuration(after)} after the run`;
}

function FactRow({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

const RETRY_RESULTS: Readonly<Record<string, string>> = {
  success_first: 'the first one succeeded',
  success_retried: 'the last one succeeded',
  failure_exhausted: 'all failed',
  failure_not_retryable: 'the last error was not worth another try',
};
const STOPS: Readonly<Record<string, string>> = {
  max_retries: 'no more were allowed',
  deadline: 'the deadline was near',
  budget: 'the budget of retries was used up',
};
const HEDGES: Readonly<Record<string, string>> = {
  primary: 'not needed',
  primary_hedged: 'the first try answered before the hedge',
  hedge: 'a later try answered',
  none: 'no try answered',
};

function triesOf({ attempts, retryResult, retryStoppedBy }: SpanFacts): ComponentChildren {
  if (attempts === null) return null;
  const why = [entryOf(RETRY_RESULTS, retryResult ?? ''), entryOf(STOPS, retryStoppedBy ?? '')].filter(
    (each) => each !== undefined,
  );
  return why.length === 0 ? formatCount(attempts) : `${formatCount(attempts)}: ${why.join('; ')}`;
}

const jobOf = ({ queue, delivery }: JobFacts): ComponentChildren => (
  <>
    of the queue <Text of={queue} />
    {delivery > 1 && `, delivery ${formatCount(delivery)}: the worker before it was lost`}
  </>
);

function itemsOf({ mapItems, mapFailedItems }: SpanFacts): ComponentChildren {
  if (mapItems === null) return null;
  const failed = mapFailedItems === null || mapFailedItems === 0 ? '' : `, ${formatCount(mapFailedItems)} failed`;
  return `${formatCount(mapItems)}${failed}`;
}

function tokensOf({ tokens, isModelCall }: SpanFacts): ComponentChildren {
  if (tokens.input === null && tokens.output === null) return isModelCall ? 'unknown' : null;
  const count = (value: number | null) => (value === null ? 'unknown' : formatCount(value));
  const parts = [
    ['from the cache', tokens.cached],
    ['written to the cache', tokens.cacheWrite],
    ['reasoning', tokens.reasoning],
  ] as const;
  const among = parts.flatMap(([name, value]) =>
    value === null || value === 0 ? [] : `${formatCount(value)} ${name}`,
  );
  return `${count(tokens.input)} in, ${count(tokens.output)} out${among.length === 0 ? '' : ` (${among.join(', ')})`}`;
}

const unknownDollars = ({ unknownDollars: why }: SpanFacts) => (why === null ? null : UNKNOWN_DOLLARS[why]);
const countOrNull = (value: number | null) => (value === null ? null : formatCount(value));
const textOrNull = (text: string | null) => (text === null || text === '' ? null : <Text of={text} />);
