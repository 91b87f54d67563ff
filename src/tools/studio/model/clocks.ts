/** The clocks of two machines differ. What is called begins and ends within the call, so the difference can be seen. */
import { factsOf } from './facts.ts';
import { textOf } from './read.ts';
import { endUs, type StudioSpan } from './span.ts';

/** A span in its tree, as far as clocks go. */
interface Placed {
  span: StudioSpan;
  shiftUs: number;
  readonly children: readonly Placed[];
  readonly isMissing: boolean;
}

/** Clocks are set with less exactness than this. */
const TOLERANCE_US = 1_000;

/** Moves what is below a call of another machine to where it must have been. Never recursive. */
export function alignClocks(roots: readonly Placed[]): void {
  const stack = [...roots];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    for (const child of node.children) {
      stack.push(child);
      const isSame = clockOf(child.span) === clockOf(node.span);
      child.shiftUs = isSame ? node.shiftUs : node.isMissing ? 0 : shiftOf(node.span, child.span);
      if (child.shiftUs !== 0) child.span = shifted(child.span, child.shiftUs);
    }
  }
}

/** The span as it was received. */
export const receivedSpan = ({ span, shiftUs }: Pick<Placed, 'span' | 'shiftUs'>): StudioSpan =>
  shiftUs === 0 ? span : shifted(span, -shiftUs);

const clockOf = ({ resource, service }: StudioSpan) => textOf(resource['host.name']) ?? service;

/**
 * To the middle of the call: the way there took as long as the way back; a job to the end of its wait in the queue. Work that
 * begins late is not wrong where no span waits for it: a queue may have held it for an hour. A call that has its answer from
 * the first delivery of a job has waited for it.
 */
function shiftOf(call: StudioSpan, work: StudioSpan): number {
  const isEarly = work.startUs < call.startUs - TOLERANCE_US;
  const { job } = factsOf(work);
  const isAnswered = job?.delivery === 1 && factsOf(call).outcome === 'success';
  const isAwaited = isAnswered || (call.kind === 'client' && work.kind === 'server');
  const isLate = isAwaited && work.startUs > endUs(call) + TOLERANCE_US;
  if (!isEarly && !isLate) return 0;
  const spareUs = Math.max(0, call.durationNs - work.durationNs) / 1_000;
  const afterUs = job === null || job.waitUs === null ? spareUs / 2 : Math.min(job.waitUs, spareUs);
  return Math.round(call.startUs + afterUs - work.startUs);
}

function shifted(span: StudioSpan, byUs: number): StudioSpan {
  const events = span.events.map((event) => ({ ...event, atUs: event.atUs + byUs }));
  return { ...span, startUs: span.startUs + byUs, events };
}
