/** What became of a model call that cost dollars: as the library counts it, and derived from the tree. */
import { errorLine } from './error.ts';
import { factsOf } from './facts.ts';
import { endUs } from './span.ts';
import type { TreeNode } from './tree.ts';

export const DOLLAR_USES = ['answered', 'retried', 'fallback', 'hedged', 'aborted', 'failed'] as const;
export type DollarUse = (typeof DOLLAR_USES)[number];

/** The nearest policy around the call that dropped it decides; a call that nothing dropped counts by itself. */
export function useOf(call: TreeNode): DollarUse {
  const { outcome } = factsOf(call.span);
  const hasAnswered = outcome === 'success';
  let isSubstitute = false;
  for (let node = call; ; node = node.parent) {
    if (factsOf(node.span).outcome === 'cancelled') return 'aborted';
    if (node.parent === null) break;
    const { type, outcome: around } = factsOf(node.parent.span);
    if (type === 'retry') {
      if (isRetried(node.parent, node)) return hasAnswered ? 'retried' : 'failed';
    } else if (type === 'race' || type === 'hedge') {
      if (around === 'success' && node !== winnerOf(node.parent)) return 'hedged';
    } else if (type === 'fallback') {
      if (node !== keptOf(node.parent)) return hasAnswered ? 'fallback' : 'failed';
      if (around === 'success' && node.parent.children.length > 1) isSubstitute = true;
    }
  }
  if (!hasAnswered) return 'failed';
  return isSubstitute ? 'fallback' : 'answered';
}

function isRetried(retry: TreeNode, attempt: TreeNode): boolean {
  if (attempt !== retry.children.at(-1)) return true;
  return factsOf(retry.span).retries.some((each) => each.attempt === attempt.attempt);
}

/** The first that succeeded. */
function winnerOf({ children }: TreeNode): TreeNode | undefined {
  const succeeded = children.filter(({ span }) => factsOf(span).outcome === 'success');
  return succeeded.sort((one, other) => endUs(one.span) - endUs(other.span))[0];
}

/** What answered, or the last that failed. By outcome and error, not by time: programs with a coarse clock begin all at once. */
function keptOf({ span, children }: TreeNode): TreeNode | undefined {
  const { error } = factsOf(span);
  const said = error === null ? '' : errorLine(error);
  const kept = children.findLast((child) => {
    const own = factsOf(child.span).error;
    return own === null ? said === '' : errorLine(own) === said;
  });
  return kept ?? children.at(-1);
}
