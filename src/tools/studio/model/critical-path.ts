/** What a run waited for from its beginning to its end: at each moment one span. */
import { endUs, type StudioSpan } from './span.ts';
import type { RunTree, TreeNode } from './tree.ts';
import type { WaitKind } from './waits.ts';
import { waitsAt } from './waits-at.ts';

export interface PathSegment {
  readonly node: TreeNode;
  readonly kind: 'work' | WaitKind;
  /** Microseconds since the Unix epoch. */
  readonly startUs: number;
  readonly endUs: number;
}

const startOf = ({ startUs, startRestNs }: StudioSpan) => startUs + startRestNs / 1_000;

/**
 * The segments, the last first; they do not overlap. Read from the end: a span works until its end, but for the time in
 * which it waits for the child that ended last before then, and so on.
 */
export function criticalPathOf(tree: RunTree): readonly PathSegment[] {
  const segments: PathSegment[] = [];
  /** The part of `node` from `fromUs` to `untilUs` is to be explained. */
  const stack: { readonly node: TreeNode; readonly fromUs: number; readonly untilUs: number }[] = [];
  const explain = (
    children: readonly TreeNode[],
    fromUs: number,
    untilUs: number,
    own: (from: number, to: number) => void,
  ) => {
    const byEnd = [...children].sort((one, other) => endUs(other.span) - endUs(one.span));
    let until = untilUs;
    for (const node of byEnd) {
      const start = Math.max(fromUs, startOf(node.span));
      const end = Math.min(endUs(node.span), until);
      if (end <= start) continue;
      if (end < until) own(end, until);
      stack.push({ node, fromUs: start, untilUs: end });
      until = start;
      if (until <= fromUs) break;
    }
    if (until > fromUs) own(fromUs, until);
  };
  explain(tree.roots, tree.startUs, tree.endUs, () => {});
  for (let part = stack.pop(); part !== undefined; part = stack.pop()) {
    const { node, fromUs, untilUs } = part;
    explain(node.children, fromUs, untilUs, (from, to) => addOwn(segments, node, from, to));
  }
  return segments.sort((one, other) => other.startUs - one.startUs);
}

/** A span's own time, its waits apart. */
function addOwn(segments: PathSegment[], node: TreeNode, fromUs: number, toUs: number): void {
  let at = fromUs;
  const add = (kind: PathSegment['kind'], endUs: number) => {
    if (endUs > at) segments.push({ node, kind, startUs: at, endUs });
    at = Math.max(at, endUs);
  };
  for (const { kind, startUs, durationUs } of waitsAt(node)) {
    if (startUs >= toUs || startUs + durationUs <= at) continue;
    add('work', Math.min(toUs, startUs));
    add(kind, Math.min(toUs, startUs + durationUs));
  }
  add('work', toUs);
}
