import type { TraceSpan } from './trace.ts';

export interface TreeRow {
  readonly span: TraceSpan;
  /** 0 for a root. */
  readonly depth: number;
  /** Whether the span has a parent that was not received or was dropped. */
  readonly orphan: boolean;
}

/**
 * The spans of a trace in the order of a printed tree: each parent before its children, siblings in their given order.
 * Every span occurs once, also a span whose parent is missing, and spans that are each other's parents.
 */
export function toTreeRows(spans: readonly TraceSpan[]): TreeRow[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const children = new Map<string, TraceSpan[]>();
  for (const span of spans) {
    const { parentSpanId } = span;
    if (parentSpanId === null || !ids.has(parentSpanId)) continue;
    const siblings = children.get(parentSpanId);
    if (siblings) siblings.push(span);
    else children.set(parentSpanId, [span]);
  }
  const rows: TreeRow[] = [];
  const printed = new Set<string>();
  // No recursion: a trace can be deeper than the call stack.
  const print = (root: TraceSpan, orphan: boolean) => {
    const waiting: TreeRow[] = [{ span: root, depth: 0, orphan }];
    for (let row = waiting.pop(); row; row = waiting.pop()) {
      if (printed.has(row.span.spanId)) continue;
      printed.add(row.span.spanId);
      rows.push(row);
      for (const child of (children.get(row.span.spanId) ?? []).toReversed()) {
        waiting.push({ span: child, depth: row.depth + 1, orphan: false });
      }
    }
  };
  for (const span of spans) {
    const known = span.parentSpanId !== null && ids.has(span.parentSpanId);
    if (!known) print(span, span.parentSpanId !== null);
  }
  for (const span of spans) if (!printed.has(span.spanId)) print(span, false);
  return rows;
}
