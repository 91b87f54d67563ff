/** Two runs side by side: how they went, what differs, and where time and dollars are apart. */
import { useEffect, useMemo } from 'preact/hooks';
import { BackKey } from '../parts/back-key.tsx';
import { type OpenRun, openRun } from '../run/open-run.ts';
import { ComparedRuns } from './compared-runs.tsx';
// Sentences, buttons and panels look as those of a run.
import '../run/run.css';
import './compare.css';

export interface CompareViewProps {
  /** The ids of the runs. The first one is the reference. */
  readonly before: string;
  readonly after: string;
}

export function CompareView({ before, after }: CompareViewProps) {
  const [left, right] = [useRun(before), useRun(after)];
  const missing = [left, right].filter(({ problem }) => problem.value !== '' && problem.value !== 'unreadable');
  if (left.run.value !== undefined && right.run.value !== undefined) return <ComparedRuns left={left} right={right} />;
  if (missing.length === 0) {
    return (
      <p class="notice">
        <BackKey />
        Reading the runs …
      </p>
    );
  }
  return (
    <div class="notice" role="alert">
      <BackKey />
      <h1 class="unseen">Comparison of two runs</h1>
      <p>
        {missing.length === 2
          ? 'Studio does not keep these runs. They may be too old, or they were deleted.'
          : `Studio does not keep ${missing[0] === left ? 'the first' : 'the second'} of these runs. It may be too old, or it was deleted.`}
      </p>
      <p>
        {missing.length === 1 && (
          <>
            <a href={`/run/${encodeURIComponent(missing[0] === left ? after : before)}`}>The other run</a> ·{' '}
          </>
        )}
        <a href="/">All runs</a>
      </p>
    </div>
  );
}

function useRun(traceId: string): OpenRun {
  const open = useMemo(() => openRun(traceId), [traceId]);
  useEffect(() => () => open.close(), [open]);
  return open;
}
