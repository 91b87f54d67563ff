/** One of the two runs, and the choice of another one in its place. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { RunsAnswer } from '../../../api.ts';
import { writeFilter } from '../../../model/filter.ts';
import type { RunSummary } from '../../../model/run.ts';
import { go } from '../address.ts';
import { formatDollars, formatDuration, formatFullTime } from '../format.ts';
import { Dollars, Moment, Text, Tokens } from '../parts/cells.tsx';
import { Status } from '../parts/status.tsx';
import { ask } from '../server.ts';
import { show } from '../show.ts';

const MOST_CHOICES = 50;

export interface RunCardProps {
  readonly title: string;
  readonly run: RunSummary;
  readonly other: RunSummary;
  readonly isLeft: boolean;
}

export function RunCard({ title, run, other, isLeft }: RunCardProps) {
  const choices = useSignal<readonly RunSummary[]>([]);
  useEffect(() => {
    const filter = writeFilter(run.workflow === null ? { service: run.service } : { workflow: run.workflow });
    void ask<RunsAnswer>(`/api/runs?${filter}&limit=${MOST_CHOICES}`).then(
      ({ runs }) => {
        choices.value = runs;
      },
      () => {},
    );
  }, [run.traceId, run.workflow, run.service, choices]);
  const choose = (traceId: string) =>
    go(isLeft ? `/compare/${traceId}/${other.traceId}` : `/compare/${other.traceId}/${traceId}`, { replace: true });
  const listed = choices.value.some(({ traceId }) => traceId === run.traceId) ? choices.value : [run, ...choices.value];
  return (
    <section class="card" aria-label={title}>
      <div class="card-top">
        <span class="soft">{title}</span>
        <Status of={run.status} />
        <a href={`/run/${run.traceId}`}>
          <Text of={run.name} length={80} />
        </a>
        <span class="soft" title={formatFullTime(run.startUs)}>
          <Moment us={run.startUs} />
        </span>
      </div>
      <div class="card-facts">
        <span>{formatDuration(run.durationUs)}</span>
        <span>
          <Tokens {...run} /> tokens
        </span>
        <span>
          <Dollars {...run} />
        </span>
      </div>
      <select
        aria-label={`Another run in place of the ${isLeft ? 'reference' : 'compared one'}`}
        value={run.traceId}
        onChange={(event) => choose(event.currentTarget.value)}
      >
        {listed
          .filter(({ traceId }) => traceId !== other.traceId)
          .map((each) => (
            <option key={each.traceId} value={each.traceId}>
              {choiceOf(each)}
            </option>
          ))}
      </select>
    </section>
  );
}

function choiceOf({ status, name, startUs, durationUs, nanodollars }: RunSummary): string {
  const dollars = nanodollars === null ? '' : `, ${formatDollars(nanodollars)}`;
  return `${status}: ${show(name, 40)}, ${formatFullTime(startUs)}, ${formatDuration(durationUs)}${dollars}`;
}
