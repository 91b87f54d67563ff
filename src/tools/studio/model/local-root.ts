import { factsOf } from './facts.ts';
import type { StudioSpan } from './span.ts';

/**
 * Whether the span is the root of its process: its end is that of the run, as far as can be known here. The parent of a
 * server's span is in another process also where the exporter does not tell. The work of a job is none: its caller waits for
 * it, and goes on.
 */
export function isLocalRoot(span: StudioSpan): boolean {
  const { parentSpanId, isParentRemote, kind } = span;
  if (parentSpanId === null) return true;
  return factsOf(span).job === null && (isParentRemote ?? (kind === 'server' || kind === 'consumer'));
}
