/** The spans of a run as a tree, from spans in any order and with any of them missing. */
import { alignClocks } from './clocks.ts';
import { factsOf } from './facts.ts';
import { endUs, type StudioSpan } from './span.ts';

export interface TreeNode {
  /** With the times of its caller's clock. */
  span: StudioSpan;
  /** By how many microseconds it was moved, because its clock differs from that of its caller; 0 mostly. */
  shiftUs: number;
  /** In the order of their starts. */
  readonly children: TreeNode[];
  parent: TreeNode | null;
  /** 0 for a root. */
  depth: number;
  /** Which try of a retry or a hedge it is, from 1; `null` elsewhere. */
  attempt: number | null;
  /** Its span has not come (it runs, was sampled away or lost): `span` has only what its children say. */
  readonly isMissing: boolean;
}

export interface RunTree {
  /** In the order of their starts. */
  readonly roots: readonly TreeNode[];
  /** By span id. */
  readonly nodes: ReadonlyMap<string, TreeNode>;
  readonly startUs: number;
  readonly endUs: number;
}

/** The children of a missing parent stand below a node in its place from this number on. */
const STAND_IN_FROM = 2;

/** The tree. A span that is there twice is taken once, and a ring of spans is opened where it begins. Never recursive. */
export function treeOf(spans: Iterable<StudioSpan>): RunTree {
  const nodes = new Map<string, TreeNode>();
  for (const span of spans) if (!nodes.has(span.spanId)) nodes.set(span.spanId, nodeOf(span, false));
  const roots: TreeNode[] = [];
  const orphans = new Map<string, TreeNode[]>();
  for (const node of [...nodes.values()]) {
    const parentId = node.span.parentSpanId;
    const parent = parentId === null ? undefined : nodes.get(parentId);
    if (parent !== undefined && parent !== node) adopt(parent, node);
    else if (parentId === null || parent === node) roots.push(node);
    else {
      const siblings = orphans.get(parentId);
      if (siblings === undefined) orphans.set(parentId, [node]);
      else siblings.push(node);
    }
  }
  for (const [parentId, children] of orphans) {
    if (children.length < STAND_IN_FROM) roots.push(...children);
    else {
      const standIn = nodeOf(standInFor(parentId, children), true);
      nodes.set(parentId, standIn);
      for (const child of children) adopt(standIn, child);
      roots.push(standIn);
    }
  }
  openRings(nodes, roots);
  alignClocks(roots);
  roots.sort(byStart);
  let startUs = Number.POSITIVE_INFINITY;
  let lastUs = Number.NEGATIVE_INFINITY;
  for (const { span } of nodes.values()) {
    startUs = Math.min(startUs, span.startUs);
    lastUs = Math.max(lastUs, endUs(span));
  }
  measure(roots);
  return { roots, nodes, startUs: nodes.size === 0 ? 0 : startUs, endUs: nodes.size === 0 ? 0 : lastUs };
}

const nodeOf = (span: StudioSpan, isMissing: boolean): TreeNode => ({
  span,
  shiftUs: 0,
  children: [],
  parent: null,
  depth: 0,
  attempt: null,
  isMissing,
});

function adopt(parent: TreeNode, child: TreeNode): void {
  child.parent = parent;
  parent.children.push(child);
}

/** What no root leads to is in a ring: the earliest of each ring becomes a root. */
function openRings(nodes: ReadonlyMap<string, TreeNode>, roots: TreeNode[]): void {
  const reached = new Set<TreeNode>();
  const reach = (from: TreeNode) => {
    const stack = [from];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      if (reached.has(node)) continue;
      reached.add(node);
      for (const child of node.children) stack.push(child);
    }
  };
  for (const root of roots) reach(root);
  if (reached.size === nodes.size) return;
  const left = [...nodes.values()].filter((node) => !reached.has(node)).sort(byStart);
  for (const node of left) {
    if (reached.has(node)) continue;
    const first = earliestOfRing(node);
    const siblings = first.parent?.children ?? [];
    siblings.splice(siblings.indexOf(first), 1);
    first.parent = null;
    roots.push(first);
    reach(first);
  }
}

function earliestOfRing(from: TreeNode): TreeNode {
  const seen = new Set<TreeNode>();
  let node = from;
  for (; !seen.has(node) && node.parent !== null; node = node.parent) seen.add(node);
  let first = node;
  for (let each = node.parent; each !== null && each !== node; each = each.parent) {
    if (byStart(each, first) < 0) first = each;
  }
  return first;
}

/** Sorts the children of each node, and numbers depths and tries. */
function measure(roots: readonly TreeNode[]): void {
  const stack = [...roots];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    const { children, depth, span, isMissing } = node;
    if (children.length > 1) children.sort(byStart);
    const type = isMissing ? '' : factsOf(span).type;
    const counts = type === 'retry' || type === 'hedge';
    for (const [i, child] of children.entries()) {
      child.depth = depth + 1;
      child.attempt = counts ? i + 1 : null;
      stack.push(child);
    }
  }
}

/** By start; then the longer one, which may be around the other; then by id, so that any order of arrival gives one tree. */
export function byStart({ span: one }: TreeNode, { span: other }: TreeNode): number {
  return (
    one.startUs - other.startUs ||
    one.startRestNs - other.startRestNs ||
    other.durationNs - one.durationNs ||
    (one.spanId < other.spanId ? -1 : 1)
  );
}

function standInFor(spanId: string, children: readonly TreeNode[]): StudioSpan {
  const [first] = [...children].sort(byStart) as [TreeNode];
  const lastUs = children.reduce((last, { span }) => Math.max(last, endUs(span)), 0);
  const { traceId, service, startUs, startRestNs } = first.span;
  return {
    traceId,
    spanId,
    parentSpanId: null,
    name: 'not received',
    kind: 'internal',
    service,
    scope: '',
    startUs,
    startRestNs,
    durationNs: Math.max(0, Math.round((lastUs - startUs) * 1_000 - startRestNs)),
    status: 'unset',
    statusMessage: '',
    attributes: {},
    events: [],
    links: [],
    resource: {},
    cut: 0,
  };
}
