/** One run: how it went, where its time and dollars went, and each of its spans. */
import { useEffect, useMemo } from 'preact/hooks';
import { listPath } from '../address.ts';
import { BackKey } from '../parts/back-key.tsx';
import { openRun } from './open-run.ts';
import { OpenedRun } from './opened-run.tsx';
import './run.css';

export function RunView({ traceId }: { readonly traceId: string }) {
  const open = useMemo(() => openRun(traceId), [traceId]);
  useEffect(() => () => open.close(), [open]);
  const run = open.run.value;
  if (run !== undefined) return <OpenedRun key={traceId} open={open} />;
  if (open.problem.value === '') {
    return (
      <p class="notice">
        <BackKey />
        Reading the run …
      </p>
    );
  }
  return (
    <div class="notice" role="alert">
      <BackKey />
      <h1 class="unseen">Run</h1>
      <p>
        {open.problem.value === 'missing'
          ? 'Studio does not keep this run. It may be too old, it was deleted, or no span of it has come yet.'
          : 'Studio could not read this run.'}
      </p>
      <p>
        <a href={listPath.value}>All runs</a>
      </p>
    </div>
  );
}
