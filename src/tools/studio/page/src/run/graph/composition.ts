/** The primitives of a run and which of them ran within which: spans of the same kind and name are one node. */
import { factsOf } from '../../../../model/facts.ts';
import { endUs } from '../../../../model/span.ts';
import { shortName } from '../../../../model/title.ts';
import { nodesInOrder } from '../../../../model/totals.ts';
import type { RunTree, TreeNode } from '../../../../model/tree.ts';

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

export function compositionOf(tree: RunTree): Composition {
  const keys = keysOf(tree);
  const nodes = new Map<string, GraphNode>();
  const edges = new Map<string, GraphEdge>();
  for (const treeNode of nodesInOrder(tree)) {
    const key = keys.get(treeNode) ?? '';
    const node = nodes.get(key) ?? nodeOf(treeNode, key);
    nodes.set(key, node);
    const { span, parent } = treeNode;
    const durationUs = endUs(span) - span.startUs;
    const { hasFailed } = factsOf(span);
    node.count += 1;
    node.failed += hasFailed ? 1 : 0;
    node.durationUs += durationUs;
    if (hasFailed || (node.failed === 0 && durationUs >= node.longestUs)) node.spanId = span.spanId;
    node.longestUs = Math.max(node.longestUs, durationUs);
    const from = parent === null ? undefined : keys.get(parent);
    if (from === undefined) continue;
    const name = `${from}\t\t${key}`;
    const edge = edges.get(name) ?? { from, to: key, count: 0, failed: 0 };
    edge.count += 1;
    edge.failed += hasFailed ? 1 : 0;
    edges.set(name, edge);
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()] };
}

/**
 * What is the same primitive has the same key: its scope, type and name. One without a name is known by what it is around, and
 * by what it is in.
 */
function keysOf(tree: RunTree): ReadonlyMap<TreeNode, string> {
  const keys = new Map<TreeNode, string>();
  for (const node of nodesInOrder(tree)) {
    const facts = factsOf(node.span);
    const { type, label } = facts;
    const around = facts.isNamed ? '' : `${keys.get(node.parent ?? node) ?? ''}\n${namesIn(node)}`;
    // A key would grow with each level of unnamed ones.
    keys.set(node, `${node.span.scope}\t${type}\t${label}\t${around.slice(-MOST_OF_KEY)}`);
  }
  return keys;
}

const MOST_OF_KEY = 2_000;

function namesIn({ children }: TreeNode): string {
  const names = new Set(children.slice(0, 100).map(({ span }) => `${factsOf(span).type} ${factsOf(span).label}`));
  return [...names].sort().join(', ');
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

function nodeOf({ span, isMissing }: TreeNode, key: string): GraphNode {
  const facts = factsOf(span);
  const { type, group } = facts;
  return {
    key,
    spanId: span.spanId,
    type: isMissing ? '' : type,
    label: shortName(facts),
    group,
    count: 0,
    failed: 0,
    durationUs: 0,
    longestUs: 0,
  };
}
