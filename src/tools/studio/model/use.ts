/** What became of a model call that cost dollars: as the library counts it, and derived from the tree. */
import { factsOf } from './facts.ts';
import type { TreeNode } from './tree.ts';

export const DOLLAR_USES = ['answered', 'retried', 'fallback', 'hedged', 'aborted', 'failed'] as const;
export type DollarUse = (typeof DOLLAR_USES)[number];

/** The nearest policy around the call that dropped it decides; a call that nothing dropped counts by itself. */
export function useOf(call: TreeNode): DollarUse {
  const { outcome } = factsOf(call.span);
  if (outcome === 'cancelled') return 'aborted';
  const hasAnswered = outcome === 'success';
  let isSubstitute = false;
  for (let node = call; node.parent !== null; node = node.parent) {
    const { parent } = node;
    const { outcome: own } = factsOf(node.span);
    const around = factsOf(parent.span);
    if (own === 'superseded' && (around.type === 'race' || around.type === 'hedge')) return 'hedged';
    if (around.type === 'retry' && wasRetried(parent, node)) return hasAnswered ? 'retried' : 'failed';
    if (around.type === 'fallback') {
      const index = parent.children.indexOf(node);
      if (index < parent.children.length - 1) return hasAnswered ? 'fallback' : 'failed';
      if (index > 0 && around.outcome === 'success') isSubstitute = true;
    }
  }
  if (!hasAnswered) return 'failed';
  return isSubstitute ? 'fallback' : 'answered';
}

function wasRetried(retry: TreeNode, attempt: TreeNode): boolean {
  return (
    attempt !== retry.children.at(-1) || factsOf(retry.span).retries.some((each) => each.attempt === attempt.attempt)
  );
}
