/** What happened in a span, in signs that a reader sees while he scrolls. */
import type { SpanFacts } from '../../../../model/facts.ts';
import { formatCount, formatDollars } from '../../format.ts';
import { Text } from '../../parts/cells.tsx';

export function Badges({ facts, attempt }: { readonly facts: SpanFacts; readonly attempt: number | null }) {
  const { outcome, error, job, cache, attempts, answeredBy, fallbackFailures, compensations, tokens, nanodollars } =
    facts;
  const undone = compensations.filter(({ result }) => result === 'undone').length;
  const notUndone = compensations.length - undone;
  return (
    <>
      {attempt !== null && attempt > 1 && <span class="badge">try {formatCount(attempt)}</span>}
      {job !== null && job.delivery > 1 && (
        <span class="badge badge-warn" title="The worker that had this job was lost, and this one did it again">
          delivery {formatCount(job.delivery)}
        </span>
      )}
      {attempts !== null && attempts > 1 && <span class="badge badge-warn">{formatCount(attempts)} tries</span>}
      {fallbackFailures.length > 0 && answeredBy !== null && (
        <span class="badge badge-warn">
          fell back to <Text of={answeredBy} length={40} />
        </span>
      )}
      {facts.choice !== null && (
        <span class="badge">
          → <Text of={facts.choice} length={30} />
        </span>
      )}
      {(cache === 'hit' || cache === 'stale') && (
        <span class="badge badge-good">{cache === 'hit' ? 'cache hit' : 'stale hit'}</span>
      )}
      {facts.hedge !== null && facts.hedge !== 'primary' && <span class="badge badge-warn">hedged</span>}
      {undone > 0 && <span class="badge badge-warn">{formatCount(undone)} undone</span>}
      {notUndone > 0 && <span class="badge badge-bad">{formatCount(notUndone)} not undone</span>}
      {facts.isModelCall && tokens.input !== null && (
        <span class="badge" title="Tokens in and out">
          {formatCount(tokens.input)} → {tokens.output === null ? '?' : formatCount(tokens.output)}
        </span>
      )}
      {nanodollars !== null && <span class="badge">{formatDollars(nanodollars)}</span>}
      {facts.unknownDollars !== null && error === null && (
        <span class="badge" title="The dollars of this call are not known">
          $ ?
        </span>
      )}
      {facts.hasFailed && <span class="badge badge-bad">✕ {outcome === 'failure' ? 'failed' : outcome}</span>}
      {error !== null && !facts.hasFailed && <span class="badge">{outcome}</span>}
    </>
  );
}
