/** The waits of a span, with those for the workers that did its work. */
import { factsOf } from './facts.ts';
import { endUs } from './span.ts';
import type { TreeNode } from './tree.ts';
import type { Wait } from './waits.ts';

/**
 * In the order of time. A job says how long it was in its queue, which was before its own span: its caller had that wait.
 * Before a later delivery the caller waited until it was known that a worker was lost.
 */
export function waitsAt({ span, children }: Pick<TreeNode, 'span' | 'children'>): readonly Wait[] {
  const { waits, type } = factsOf(span);
  if (type !== 'distribute') return waits;
  const inQueue: Wait[] = [];
  let freeUs = span.startUs;
  for (const { span: work } of children) {
    const { job } = factsOf(work);
    if (job === null) continue;
    const startUs = Math.max(freeUs, work.startUs - (job.waitUs ?? 0));
    const durationUs = Math.min(work.startUs, endUs(span)) - startUs;
    if (durationUs > 0) inQueue.push({ kind: job.delivery > 1 ? 'lost_worker' : 'queue', startUs, durationUs });
    freeUs = Math.max(freeUs, endUs(work));
  }
  return inQueue.length === 0 ? waits : [...waits, ...inQueue].sort((one, other) => one.startUs - other.startUs);
}
