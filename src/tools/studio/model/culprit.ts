/** From a span that failed down to the one that failed first. */
import { errorLine } from './error.ts';
import { factsOf } from './facts.ts';
import type { TreeNode } from './tree.ts';

/**
 * The way from `root` to the span that failed by itself. A wrapper passes an error on, so its child has the same one, or it
 * makes a new one whose cause is that of the child. What a timeout ended has the error of the timeout: that is where the way ends.
 */
export function culpritOf(root: TreeNode): readonly TreeNode[] {
  const path = [root];
  for (let node = root; ; ) {
    const next = endedByItself(node) ? undefined : causeAmong(node);
    if (next === undefined) return path;
    path.push(next);
    node = next;
  }
}

/** What ran below a span that timed out or was cancelled, the innermost; `undefined` where nothing did. */
export function interruptedIn(node: TreeNode): TreeNode | undefined {
  const { outcome } = factsOf(node.span);
  if (outcome !== 'timeout' && outcome !== 'cancelled') return undefined;
  let innermost: TreeNode | undefined;
  for (let each: TreeNode | undefined = node; each !== undefined; ) {
    each = each.children.findLast(({ span }) => factsOf(span).outcome === outcome);
    innermost = each ?? innermost;
  }
  return innermost;
}

/** A timeout that ended its work: the error below it is its own. */
function endedByItself({ span, children }: TreeNode): boolean {
  const { type, outcome, error } = factsOf(span);
  if (type !== 'timeout' || outcome !== 'timeout') return false;
  return !children.some((child) => factsOf(child.span).type === 'timeout' && isSame(factsOf(child.span).error, error));
}

type Error = ReturnType<typeof factsOf>['error'];
const isSame = (one: Error, other: Error) => one !== null && other !== null && errorLine(one) === errorLine(other);

/**
 * The last child that failed with the very error of the node; else with a cause of it; else the last one that failed at all,
 * unless the node has an error of its own. A race fails because all of its branches did: none of them is the cause.
 */
function causeAmong(node: TreeNode): TreeNode | undefined {
  const { error, type, isOurs } = factsOf(node.span);
  const failed = node.children.filter(({ span }) => factsOf(span).hasFailed);
  const same = failed.findLast(({ span }) => isSame(factsOf(span).error, error));
  if (same !== undefined || type === 'race') return same;
  const causes = new Set(error?.causes.map(({ message }) => message));
  const cause = failed.findLast(({ span }) => causes.has(factsOf(span).error?.message ?? ''));
  if (cause !== undefined) return cause;
  // Our library writes the details of an error to the innermost span that has it.
  const hasOwn = isOurs && node.span.events.some(({ name }) => name === 'exception');
  return hasOwn ? undefined : failed.at(-1);
}
