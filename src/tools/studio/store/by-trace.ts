import type { StudioSpan } from '../model/span.ts';

export function byTrace(spans: readonly StudioSpan[]): Map<string, StudioSpan[]> {
  const runs = new Map<string, StudioSpan[]>();
  for (const span of spans) {
    const run = runs.get(span.traceId);
    if (run === undefined) runs.set(span.traceId, [span]);
    else run.push(span);
  }
  return runs;
}
