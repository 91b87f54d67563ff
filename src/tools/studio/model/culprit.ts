/** From a span that failed down to the one that failed first. */
import { factsOf } from './facts.ts';
import type { TreeNode } from './tree.ts';

/** The way from `root` to the innermost span whose error it is. A wrapper passes an error on: then its child has the same. */
export function culpritOf(root: TreeNode): readonly TreeNode[] {
  const path = [root];
  for (let node = root; ; ) {
    const next = causeAmong(node);
    if (next === undefined) return path;
    path.push(next);
    node = next;
  }
}

/**
 * The child whose error the node has: the last one that failed with the very same error. A child that was given up says
 * nothing of why, and of two errors the later one is what the node failed with.
 */
function causeAmong(node: TreeNode): TreeNode | undefined {
  const { error } = factsOf(node.span);
  const failed = node.children.filter(({ span }) => {
    const facts = factsOf(span);
    return facts.error !== null && facts.outcome !== 'superseded' && facts.outcome !== 'cancelled';
  });
  const same = failed.findLast(({ span }) => {
    const own = factsOf(span).error;
    return own !== null && own.message === error?.message && own.type === error.type;
  });
  return same ?? (hasOwnError(node) ? undefined : failed.at(-1));
}

/** The library writes the details of an error to the innermost span only: such a span has failed by itself. */
const hasOwnError = ({ span }: TreeNode) =>
  factsOf(span).isOurs && span.events.some(({ name }) => name === 'exception');
