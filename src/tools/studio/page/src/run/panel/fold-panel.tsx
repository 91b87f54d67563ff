/** Equal siblings together: how long they took, and which of them to look at. */
import { errorLine } from '../../../../model/error.ts';
import { factsOf } from '../../../../model/facts.ts';
import type { FoldRow } from '../../../../model/fold.ts';
import { endUs } from '../../../../model/span.ts';
import type { TreeNode } from '../../../../model/tree.ts';
import { formatCount, formatDollars, formatDuration } from '../../format.ts';
import { Text } from '../../parts/cells.tsx';
import { PanelTop } from './panel-top.tsx';

const MOST_LISTED = 10;

export interface FoldPanelProps {
  readonly row: FoldRow;
  readonly onOpen: (spanId: string) => void;
  readonly onToggle: (isOpen: boolean) => void;
  readonly onClose: () => void;
}

export function FoldPanel({ row, onOpen, onToggle, onClose }: FoldPanelProps) {
  const { members, failed, durations, totals } = row;
  const isWhole = row.shown === members.length;
  const slowest = [...members].sort((one, other) => other.span.durationNs - one.span.durationNs);
  const ms = (ns: number) => formatDuration(ns / 1_000);
  return (
    <PanelTop group={row.group} label={row.label} type={row.type} onClose={onClose}>
      <p>
        {formatCount(members.length)} equal siblings
        {failed.length > 0 && <span class="bad">, {formatCount(failed.length)} failed</span>}
      </p>
      <div class="side-actions">
        <button type="button" onClick={() => onToggle(!isWhole)}>
          {isWhole ? 'Fold them' : `Show all ${formatCount(members.length)}`}
        </button>
      </div>
      <h3>Duration of one</h3>
      <Bars counts={durations.counts} min={ms(durations.min)} max={ms(durations.max)} />
      <dl class="facts">
        <dt>Shortest</dt>
        <dd>{ms(durations.min)}</dd>
        <dt>Median</dt>
        <dd>{ms(durations.median)}</dd>
        <dt>p95</dt>
        <dd>{ms(durations.p95)}</dd>
        <dt>Longest</dt>
        <dd>{ms(durations.max)}</dd>
        <dt>First to last</dt>
        <dd>{formatDuration(row.endUs - row.startUs)}</dd>
        {totals.modelCalls > 0 && (
          <>
            <dt>Model calls</dt>
            <dd>{formatCount(totals.modelCalls)}</dd>
            <dt>Dollars</dt>
            <dd>
              {totals.nanodollars === null ? 'unknown' : formatDollars(totals.nanodollars)}
              {totals.nanodollars !== null &&
                totals.unknownDollars > 0 &&
                ` and ${formatCount(totals.unknownDollars)} calls of unknown dollars`}
            </dd>
          </>
        )}
      </dl>
      {failed.length > 0 && (
        <>
          <h3>Failed, the newest first</h3>
          <Members nodes={failed} onOpen={onOpen} />
        </>
      )}
      <h3>Slowest</h3>
      <Members nodes={slowest} onOpen={onOpen} />
    </PanelTop>
  );
}

function Members({ nodes, onOpen }: { readonly nodes: readonly TreeNode[]; readonly onOpen: (id: string) => void }) {
  return (
    <ol class="members">
      {nodes.slice(0, MOST_LISTED).map((node) => {
        const { span } = node;
        const { error } = factsOf(span);
        const said = error === null ? tagsOf(node) : errorLine(error);
        return (
          <li key={span.spanId}>
            <button type="button" class="link" onClick={() => onOpen(span.spanId)}>
              {formatDuration(endUs(span) - span.startUs)}
            </button>{' '}
            {said !== '' && (
              <span class={error === null ? 'soft' : 'bad'}>
                <Text of={said} length={120} />
              </span>
            )}
          </li>
        );
      })}
      {nodes.length > MOST_LISTED && <li class="soft">and {formatCount(nodes.length - MOST_LISTED)} more</li>}
    </ol>
  );
}

/** What tells the members apart: the author's tags, of the span or of the first within it that has some. */
function tagsOf(node: TreeNode): string {
  for (let each: TreeNode | undefined = node; each !== undefined; each = each.children[0]) {
    const tags = Object.values(factsOf(each.span).tags);
    if (tags.length > 0) return tags.join(', ');
  }
  return '';
}

interface BarsProps {
  readonly counts: readonly number[];
  readonly min: string;
  readonly max: string;
}

function Bars({ counts, min, max }: BarsProps) {
  const most = Math.max(1, ...counts);
  return (
    <figure class="bars">
      <svg
        viewBox={`0 0 ${counts.length * 10} 40`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`From ${min} to ${max}`}
      >
        {counts.map((count, i) => {
          const height = count === 0 ? 0 : Math.max(2, (count / most) * 40);
          return <rect key={i} x={i * 10} y={40 - height} width={9} height={height} />;
        })}
      </svg>
      <figcaption>
        <span>{min}</span>
        <span>{max}</span>
      </figcaption>
    </figure>
  );
}
