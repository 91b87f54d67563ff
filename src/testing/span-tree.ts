import { SpanStatusCode } from '@opentelemetry/api';
import { fail } from '../core/check.ts';
import type { ReadableSpan } from '../sdk/span-types.ts';
import { ATTR } from '../telemetry/semconv.ts';

/**
 * The spans as indented lines, children below their parent in the order in which they started: the span's name, and
 * `!` with the error's type where it failed.
 *
 * @example
 * sequential SequentialPrimitive !Error
 *   task read
 *   task parse !Error
 */
export function spanTree(spans: readonly ReadableSpan[]): string {
  if (!Array.isArray(spans)) fail('spanTree', 'spans', 'must be a list of spans', spans);
  for (const span of spans) {
    if (typeof span?.spanContext !== 'function') fail('spanTree', 'spans', 'must be a list of spans', span);
  }
  const ids = new Set(spans.map((span) => span.spanContext().spanId));
  const childrenOf = new Map<string | undefined, ReadableSpan[]>();
  for (const span of [...spans].sort(byStart)) {
    const parent = span.parentSpanContext?.spanId;
    const key = parent !== undefined && ids.has(parent) ? parent : undefined;
    childrenOf.set(key, [...(childrenOf.get(key) ?? []), span]);
  }
  const lines = (parent: string | undefined, indent: string): string[] =>
    (childrenOf.get(parent) ?? []).flatMap((span) => [
      `${indent}${span.name}${failure(span)}`,
      ...lines(span.spanContext().spanId, `${indent}  `),
    ]);
  return lines(undefined, '').join('\n');
}

function byStart(a: ReadableSpan, b: ReadableSpan): number {
  return a.startTime[0] - b.startTime[0] || a.startTime[1] - b.startTime[1];
}

function failure(span: ReadableSpan): string {
  return span.status.code === SpanStatusCode.ERROR ? ` !${span.attributes[ATTR.errorType] ?? ''}` : '';
}
