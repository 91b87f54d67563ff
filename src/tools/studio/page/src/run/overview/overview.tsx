/** Where the time of the run went, and where its dollars. */
import type { Breakdown, DollarShare } from '../../../../model/breakdown.ts';
import { factsOf } from '../../../../model/facts.ts';
import { shortName } from '../../../../model/title.ts';
import { formatCount, formatDollars, formatDuration } from '../../format.ts';
import { Text } from '../../parts/cells.tsx';
import { WAIT_NAMES } from '../panel/facts.tsx';
import { Share } from './share.tsx';

const MOST_SHARES = 8;

export interface OverviewProps {
  readonly breakdown: Breakdown;
  readonly onOpen: (spanId: string) => void;
}

export function Overview({ breakdown, onOpen }: OverviewProps) {
  const { time, totalUs, afterUs, byModel, byPrimitive, byUse } = breakdown;
  const shown = time.slice(0, MOST_SHARES);
  const restUs = time.slice(MOST_SHARES).reduce((sum, { us }) => sum + us, 0);
  const waitUs = time.reduce((sum, { us, kind }) => sum + (kind === 'work' ? 0 : us), 0);
  return (
    <section aria-label="Overview">
      <h2>Where did the time go?</h2>
      <p class="soft">
        What the run waited for at each moment of its {formatDuration(totalUs)}
        {waitUs > 0 && <>, of which {formatDuration(waitUs)} were back-off, rate limits, queues and lost workers</>}.
        {afterUs > 0 && <> Work went on for {formatDuration(afterUs)} after its end.</>}
      </p>
      <ul class="shares">
        {shown.map(({ type, label, kind, us, node, spans }) => (
          <Share
            key={`${type} ${label} ${kind}`}
            share={us / Math.max(1, totalUs)}
            value={formatDuration(us)}
            class={kind === 'work' ? `group-${factsOf(node.span).group}` : 'wait'}
          >
            <button type="button" class="link" onClick={() => onOpen(node.span.spanId)}>
              <Text of={shortName(factsOf(node.span))} length={80} />
            </button>{' '}
            <span class="soft">
              {kind !== 'work' && WAIT_NAMES[kind]}
              {kind === 'work' && type !== shortName(factsOf(node.span)) && <Text of={type} length={40} />}
              {spans > 1 && ` × ${formatCount(spans)}`}
            </span>
          </Share>
        ))}
        {restUs > 0 && (
          <Share share={restUs / Math.max(1, totalUs)} value={formatDuration(restUs)} class="group-other">
            <span class="soft">{formatCount(time.length - MOST_SHARES)} others</span>
          </Share>
        )}
      </ul>
      {byModel.length > 0 && (
        <>
          <h2 class="next">Where did the dollars go?</h2>
          <Dollars title="By model" shares={byModel} />
          <Dollars title="By primitive" shares={byPrimitive} />
          <Dollars title="By what became of the calls" shares={byUse} />
        </>
      )}
    </section>
  );
}

function Dollars({ title, shares }: { readonly title: string; readonly shares: readonly DollarShare[] }) {
  const sum = shares.reduce((all, { nanodollars }) => all + (nanodollars ?? 0), 0);
  const rest = shares.slice(MOST_SHARES);
  return (
    <>
      <h3>{title}</h3>
      <ul class="shares">
        {shares.slice(0, MOST_SHARES).map((share) => (
          <Share
            key={share.name}
            share={(share.nanodollars ?? 0) / Math.max(1, sum)}
            value={dollarsOf(share)}
            class="group-model"
          >
            <Text of={share.name} length={80} /> <span class="soft">× {formatCount(share.calls)}</span>
          </Share>
        ))}
      </ul>
      {rest.length > 0 && (
        <p class="soft">
          and {formatCount(rest.length)} others,{' '}
          {formatDollars(rest.reduce((all, { nanodollars }) => all + (nanodollars ?? 0), 0))}
        </p>
      )}
    </>
  );
}

/** Calls of unknown dollars are said: they are not 0. */
function dollarsOf({ nanodollars, unknown }: DollarShare): string {
  if (nanodollars === null) return 'unknown';
  if (unknown === 0) return formatDollars(nanodollars);
  return `≥ ${formatDollars(nanodollars)}, ${formatCount(unknown)} unknown`;
}
