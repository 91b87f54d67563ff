/** One span on the time axis: its work, the waits apart from it, its tries and its first chunk. */
import type { ComponentChildren } from 'preact';
import { factsOf, type SpanFacts } from '../../../../model/facts.ts';
import { endUs } from '../../../../model/span.ts';
import type { TreeNode } from '../../../../model/tree.ts';
import { waitsAt } from '../../../../model/waits-at.ts';
import { formatDuration } from '../../format.ts';
import { barOf, percentOf, type TimeWindow } from './time-window.ts';

export interface SpanBarProps {
  readonly node: TreeNode;
  readonly window: TimeWindow;
}

export function SpanBar({ node, window }: SpanBarProps) {
  const { span } = node;
  const facts = factsOf(span);
  const to = endUs(span);
  return (
    <>
      <Piece fromUs={span.startUs} toUs={to} window={window} class={classOf(node, facts)} />
      {waitsAt(node).map(({ kind, startUs, durationUs }) => (
        <Piece key={startUs} fromUs={startUs} toUs={startUs + durationUs} window={window} class={`wait wait-${kind}`} />
      ))}
      {facts.retries.map(({ attempt, atUs }) => (
        <Mark key={attempt} atUs={atUs} window={window} class="retry">
          {attempt}
        </Mark>
      ))}
      {facts.firstChunkUs !== null && (
        <Mark atUs={span.startUs + facts.firstChunkUs} window={window} class="first-chunk" />
      )}
      <Took fromUs={span.startUs} toUs={to} window={window} />
    </>
  );
}

function classOf({ children, isMissing }: TreeNode, { group, cache, hasFailed }: SpanFacts): string {
  // What only wraps other spans has a thin bar, so that the work itself stands out.
  const wraps = children.length > 0 && group !== 'model' && group !== 'tool';
  return [
    ...(wraps ? ['wraps'] : []),
    ...(hasFailed ? ['failed'] : []),
    ...(cache === 'hit' || cache === 'stale' ? ['cached'] : []),
    ...(isMissing ? ['missing'] : []),
  ].join(' ');
}

export interface PieceProps {
  readonly fromUs: number;
  readonly toUs: number;
  readonly window: TimeWindow;
  readonly class: string;
}

export function Piece({ fromUs, toUs, window, class: name }: PieceProps) {
  const bar = barOf(fromUs, toUs, window);
  if (bar === undefined) return null;
  return <div class={`piece ${name}`} style={{ left: `${bar.left}%`, width: `${bar.width}%` }} />;
}

interface MarkProps {
  readonly atUs: number;
  readonly window: TimeWindow;
  readonly class: string;
  readonly children?: ComponentChildren;
}

function Mark({ atUs, window, class: name, children }: MarkProps) {
  const left = percentOf(atUs, window);
  if (left < 0 || left > 100) return null;
  return (
    <div class={`mark ${name}`} style={{ left: `${left}%` }}>
      {children}
    </div>
  );
}

export interface TookProps extends Omit<PieceProps, 'class'> {
  /** @default the duration */
  readonly children?: ComponentChildren;
}

/** The duration, where there is room: after the bar, before it, or in its middle. */
export function Took({ fromUs, toUs, window, children = formatDuration(toUs - fromUs) }: TookProps) {
  const bar = barOf(fromUs, toUs, window);
  if (bar === undefined) return null;
  const right = bar.left + bar.width;
  const place = right < 70 ? 'after' : bar.left > 30 ? 'before' : 'inside';
  const left = { after: right, before: bar.left, inside: bar.left + bar.width / 2 }[place];
  return (
    <div class={`took ${place}`} style={{ left: `${left}%` }}>
      {children}
    </div>
  );
}
