/** The primitives of a run and which of them ran within which: spans of the same kind and name are one node. */
import { factsOf } from '../../../../model/facts.ts';
import { endUs, type StudioSpan } from '../../../../model/span.ts';

export interface GraphNode {
  readonly key: string;
  /** The newest span that failed, else the longest one: what a click on the node opens. */
  spanId: string;
  readonly type: string;
  readonly label: string;
  readonly group: string;
  count: number;
  failed: number;
  /** The sum over its spans, in microseconds: spans that run at the same time both count. */
  durationUs: number;
  longestUs: number;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  count: number;
  failed: number;
}

export interface Composition {
  /** In the order of their first start. */
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

export function compositionOf(spans: readonly StudioSpan[]): Composition {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const nodes = new Map<string, GraphNode>();
  const edges = new Map<string, GraphEdge>();
  for (const span of [...spans].sort((one, other) => one.startUs - other.startUs)) {
    const node = nodeOf(span, nodes);
    const durationUs = endUs(span) - span.startUs;
    const hasFailed = span.status === 'error';
    node.count += 1;
    node.failed += hasFailed ? 1 : 0;
    node.durationUs += durationUs;
    if (hasFailed || (node.failed === 0 && durationUs >= node.longestUs)) node.spanId = span.spanId;
    node.longestUs = Math.max(node.longestUs, durationUs);
    const parent = byId.get(span.parentSpanId ?? '');
    if (parent === undefined) continue;
    const from = keyOf(parent);
    const name = `${from}\n${node.key}`;
    const edge = edges.get(name) ?? { from, to: node.key, count: 0, failed: 0 };
    edge.count += 1;
    edge.failed += hasFailed ? 1 : 0;
    edges.set(name, edge);
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()] };
}

/** The part of a composition with the first `most` nodes, counted from the roots level by level. */
export function firstNodes({ nodes, edges }: Composition, most: number): Composition {
  if (nodes.length <= most) return { nodes, edges };
  const below = new Map<string, string[]>();
  for (const { from, to } of edges) below.set(from, [...(below.get(from) ?? []), to]);
  const isBelow = new Set(edges.map(({ to }) => to));
  const kept = new Set<string>();
  const waiting = [...nodes.filter(({ key }) => !isBelow.has(key)), ...nodes.slice(0, 1)].map(({ key }) => key);
  for (const key of waiting) {
    if (kept.size >= most) break;
    if (kept.has(key)) continue;
    kept.add(key);
    waiting.push(...(below.get(key) ?? []));
  }
  return {
    nodes: nodes.filter(({ key }) => kept.has(key)),
    edges: edges.filter(({ from, to }) => kept.has(from) && kept.has(to)),
  };
}

function keyOf(span: StudioSpan): string {
  const { type, label } = factsOf(span);
  return `${span.scope}\t${type}\t${label}`;
}

function nodeOf(span: StudioSpan, nodes: Map<string, GraphNode>): GraphNode {
  const key = keyOf(span);
  const known = nodes.get(key);
  if (known !== undefined) return known;
  const { type, label, group } = factsOf(span);
  const node = { key, spanId: span.spanId, type, label, group, count: 0, failed: 0, durationUs: 0, longestUs: 0 };
  nodes.set(key, node);
  return node;
}
