/** What kept a failure from those that waited for the result. */
import { factsOf } from './facts.ts';
import { nodesInOrder } from './totals.ts';
import type { RunTree, TreeNode } from './tree.ts';

export interface Absorber {
  readonly node: TreeNode;
  /** `by trying again`, `by the answer of small-model`; empty where it is not told. */
  readonly how: string;
}

/** The nearest span around a failed one that did not fail; `null` where the failure went up to the root. */
export function absorberOf(failed: TreeNode): Absorber | null {
  let node = failed.parent;
  while (node !== null && !node.isMissing && factsOf(node.span).error !== null) node = node.parent;
  return node === null || node.isMissing ? null : { node, how: howOf(node) };
}

function howOf({ span }: TreeNode): string {
  const { type, answeredBy, cache } = factsOf(span);
  switch (type) {
    case 'retry':
      return 'by trying again';
    case 'fallback':
      return answeredBy === null ? 'by a substitute' : `by the answer of ${answeredBy}`;
    case 'hedge':
      return 'by another try';
    case 'race':
      return 'by another branch';
    case 'map':
      return 'by going on';
    case 'cache':
      return cache === 'stale' || cache === 'hit' ? 'by a value that it had' : '';
    default:
      return '';
  }
}

/** The spans that failed by themselves, and not because a span below them did. */
export function firstFailuresIn(tree: RunTree): readonly TreeNode[] {
  return [...nodesInOrder(tree)].filter(({ span, children }) => {
    return factsOf(span).hasFailed && !children.some((child) => factsOf(child.span).hasFailed);
  });
}
