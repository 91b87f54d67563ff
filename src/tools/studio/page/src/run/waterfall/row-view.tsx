/** One row of the waterfall: the name with its signs on the left, the time on the right. */
import { factsOf } from '../../../../model/facts.ts';
import type { FoldRow, Row, SpanRow } from '../../../../model/fold.ts';
import { endUs } from '../../../../model/span.ts';
import { shortName } from '../../../../model/title.ts';
import { formatCount, formatDuration } from '../../format.ts';
import { Text } from '../../parts/cells.tsx';
import type { RunState } from '../run-state.ts';
import { Badges } from './badges.tsx';
import { Piece, SpanBar, Took } from './bar.tsx';
import { Histogram } from './histogram.tsx';
import type { TimeWindow } from './time-window.ts';

export interface RowViewProps {
  readonly row: Row;
  /** Among all rows. */
  readonly index: number;
  readonly top: number;
  readonly height: number;
  readonly isSelected: boolean;
  readonly isRunning: boolean;
  readonly window: TimeWindow;
  readonly state: RunState;
}

/** Deeper rows are not indented further: their names would have no room. Their level is said to screen readers. */
const MOST_INDENTED = 14;

export function rowId(index: number): string {
  return `row-${index}`;
}

export function RowView({ row, index, top, height, isSelected, isRunning, window, state }: RowViewProps) {
  const { key, level, position, siblings, isExpandable, isExpanded } = row;
  const group = row.kind === 'fold' ? row.group : factsOf(row.node.span).group;
  const isPartial = row.kind === 'fold' && isExpanded && row.shown < row.members.length;
  const isMatch = row.kind === 'span' && row.isMatch;
  return (
    <div
      id={rowId(index)}
      class={`span-row span-row-${row.kind} group-${group}${isMatch ? ' match' : ''}`}
      role="treeitem"
      aria-level={level + 1}
      aria-posinset={position}
      aria-setsize={siblings}
      aria-selected={isSelected}
      aria-expanded={isExpandable ? isExpanded : undefined}
      style={{ transform: `translateY(${top}px)`, height: `${height}px` }}
      onClick={() => state.select(key)}
      onDblClick={() => state.toggle(row, !isExpanded || isPartial)}
    >
      <div class="span-row-name" style={{ paddingLeft: `${Math.min(level, MOST_INDENTED) * 12 + 6}px` }}>
        {isExpandable ? (
          <button
            type="button"
            class="fold"
            tabIndex={-1}
            aria-label={isExpanded && !isPartial ? 'Close' : 'Open'}
            onClick={(event) => {
              event.stopPropagation();
              state.toggle(row, !isExpanded || isPartial);
            }}
          >
            {isPartial ? '◿' : isExpanded ? '▾' : '▸'}
          </button>
        ) : (
          <span class="fold" />
        )}
        <span class="kind" />
        {row.kind === 'fold' ? <FoldName row={row} state={state} /> : <SpanName row={row} isRunning={isRunning} />}
      </div>
      <div class="span-row-time">
        {row.kind === 'fold' ? <FoldBar row={row} window={window} /> : <SpanBar node={row.node} window={window} />}
      </div>
    </div>
  );
}

function SpanName({ row, isRunning }: { readonly row: SpanRow; readonly isRunning: boolean }) {
  const { span, attempt, isMissing } = row.node;
  const facts = factsOf(span);
  const name = shortName(facts);
  if (isMissing) return <span class="label soft">{isRunning ? 'still running' : 'not received'}</span>;
  return (
    <>
      <span class={facts.hasFailed ? 'label bad' : 'label'}>
        <Text of={name} length={120} />
      </span>
      {facts.type !== name && (
        <span class="type">
          <Text of={facts.type} length={60} />
        </span>
      )}
      <span class="right">
        <Badges facts={facts} attempt={attempt} />
      </span>
    </>
  );
}

function FoldName({ row, state }: { readonly row: FoldRow; readonly state: RunState }) {
  const { type, members, failed, slowest, durations } = row;
  const label = shortName(factsOf(slowest.span));
  const goTo = (spanId: string) => (event: Event) => {
    event.stopPropagation();
    state.goTo(spanId);
  };
  const [newestFailed] = failed;
  return (
    <>
      <span class="label">
        <Text of={label} length={120} />
      </span>
      <span class="times">× {formatCount(members.length)}</span>
      {type !== label && (
        <span class="type">
          <Text of={type} length={60} />
        </span>
      )}
      <span class="right">
        {newestFailed !== undefined && (
          <button
            type="button"
            class="badge badge-bad"
            tabIndex={-1}
            title="Go to the newest that failed"
            onClick={goTo(newestFailed.span.spanId)}
          >
            ✕ {formatCount(failed.length)} failed
          </button>
        )}
        <button type="button" class="badge" tabIndex={-1} title="Go to the slowest" onClick={goTo(slowest.span.spanId)}>
          <Histogram counts={durations.counts} /> max {formatDuration(durations.max / 1_000)}
        </button>
      </span>
    </>
  );
}

/** So many members are drawn one by one. Of more, the others are within the bar of them all. */
const MOST_DRAWN = 150;

function FoldBar({ row, window }: { readonly row: FoldRow; readonly window: TimeWindow }) {
  const { members, failed, slowest, startUs, endUs: toUs, durations } = row;
  return (
    <>
      <Piece fromUs={startUs} toUs={toUs} window={window} class="all" />
      {members.slice(0, MOST_DRAWN).map(({ span }) => (
        <Piece key={span.spanId} fromUs={span.startUs} toUs={endUs(span)} window={window} class="one" />
      ))}
      {failed.slice(0, MOST_DRAWN).map(({ span }) => (
        <Piece key={span.spanId} fromUs={span.startUs} toUs={endUs(span)} window={window} class="one failed" />
      ))}
      <Piece fromUs={slowest.span.startUs} toUs={endUs(slowest.span)} window={window} class="slowest" />
      <Took fromUs={startUs} toUs={toUs} window={window}>
        median {formatDuration(durations.median / 1_000)}, p95 {formatDuration(durations.p95 / 1_000)}
      </Took>
    </>
  );
}
