/** The rows of a waterfall: the tree in its order, and from five equal siblings on one row for all of them. */
import { type Distribution, distributionOf } from './distribution.ts';
import { factsOf, type SpanGroup } from './facts.ts';
import { matchesIn } from './search.ts';
import { type Fold, type Item, itemsOf } from './siblings.ts';
import { shortName } from './title.ts';
import { add, noTotals, type Totals, totalsOf } from './totals.ts';
import type { RunTree, TreeNode } from './tree.ts';

export type Row = SpanRow | FoldRow;

interface RowPlace {
  /** The same while the run grows: the span's id, or that of its fold. */
  readonly key: string;
  /** 0 for a root. The members of an open fold stand one level below it. */
  readonly level: number;
  /** Its place among its siblings, from 1, and their number: for `aria-posinset` and `aria-setsize`. */
  readonly position: number;
  readonly siblings: number;
  readonly isExpandable: boolean;
  readonly isExpanded: boolean;
  /** The row above it in the tree; `null` for a root. */
  readonly parentKey: string | null;
}

export interface SpanRow extends RowPlace {
  readonly kind: 'span';
  readonly node: TreeNode;
  readonly totals: Totals;
  /** Whether the search finds it. */
  readonly isMatch: boolean;
}

export interface FoldRow extends RowPlace {
  readonly kind: 'fold';
  readonly type: string;
  readonly group: SpanGroup;
  readonly label: string;
  readonly members: readonly TreeNode[];
  /** The members that failed, the newest first. */
  readonly failed: readonly TreeNode[];
  readonly slowest: TreeNode;
  /** How many members are shown: all of them, those that a search opened, or none. */
  readonly shown: number;
  readonly durations: Distribution;
  /** From the first start to the last end, microseconds since the Unix epoch. */
  readonly startUs: number;
  readonly endUs: number;
  /** Of all members together. */
  readonly totals: Totals;
}

export interface FoldView {
  /** What the reader has opened (`true`) or closed by hand, by key. Spans are open and folds are closed by themselves. */
  readonly toggled?: ReadonlyMap<string, boolean>;
  /** Opens what it finds. @default '' */
  readonly search?: string;
  /** The span of a link, which must be visible. */
  readonly reveal?: string | null;
}

export interface FoldedRows {
  readonly rows: readonly Row[];
  /** What the search found, in the order of the page. */
  readonly matches: readonly TreeNode[];
}

export function rowsOf(tree: RunTree, { toggled = new Map(), search = '', reveal = null }: FoldView = {}): FoldedRows {
  const matches = matchesIn(tree, search);
  const matching = new Set(matches);
  const wanted = withAncestors(matches);
  const revealed = reveal === null ? undefined : tree.nodes.get(reveal);
  if (revealed !== undefined) for (const node of withAncestors([revealed])) wanted.add(node);
  const totals = totalsOf(tree);
  const rows: Row[] = [];
  interface Task {
    readonly item: Item;
    readonly level: number;
    readonly position: number;
    readonly siblings: number;
    readonly parentKey: string | null;
  }
  const stack: Task[] = [];
  const push = (items: readonly Item[], level: number, parentKey: string | null, all: readonly Item[] = items) => {
    const places = all === items ? undefined : new Map(all.map((item, i) => [item, i]));
    for (let i = items.length - 1; i >= 0; i -= 1) {
      const item = items[i] as Item;
      const position = (places?.get(item) ?? i) + 1;
      stack.push({ item, level, position, siblings: all.length, parentKey });
    }
  };
  push(itemsOf(tree.roots, null), 0, null);
  for (let task = stack.pop(); task !== undefined; task = stack.pop()) {
    const { item, level, position, siblings, parentKey } = task;
    const place = { level, position, siblings, parentKey };
    if ('members' in item) {
      const byHand = toggled.get(item.key);
      const found = byHand === true ? item.members : item.members.filter((member) => wanted.has(member));
      rows.push({ ...foldRow(item, totals), ...place, isExpanded: found.length > 0, shown: found.length });
      push(found, level + 1, item.key, item.members);
    } else {
      const key = item.span.spanId;
      const isExpandable = item.children.length > 0;
      const isExpanded =
        isExpandable && ((toggled.get(key) ?? true) || item.children.some((child) => wanted.has(child)));
      rows.push({
        kind: 'span',
        key,
        level,
        position,
        siblings,
        parentKey,
        node: item,
        totals: totals.get(item) as Totals,
        isMatch: matching.has(item),
        isExpandable,
        isExpanded,
      });
      if (isExpanded) push(itemsOf(item.children, item), level + 1, key);
    }
  }
  return { rows, matches };
}

type FoldFacts = Omit<FoldRow, 'level' | 'position' | 'siblings' | 'parentKey' | 'isExpanded' | 'shown'>;

function foldRow({ key, members }: Fold, totals: ReadonlyMap<TreeNode, Totals>): FoldFacts {
  const [first] = members as [TreeNode];
  const { type, group } = factsOf(first.span);
  const sum = noTotals();
  let slowest = first;
  let endUs = 0;
  for (const node of members) {
    add(sum, totals.get(node) as Totals);
    if (node.span.durationNs > slowest.span.durationNs) slowest = node;
    endUs = Math.max(endUs, node.span.startUs + node.span.durationNs / 1_000);
  }
  const failed = members.filter(({ span }) => factsOf(span).hasFailed).reverse();
  const durations = distributionOf(members.map(({ span }) => span.durationNs));
  const { startUs } = first.span;
  return {
    kind: 'fold',
    key,
    type,
    group,
    label: shortName(factsOf(first.span)),
    members,
    failed,
    slowest,
    durations,
    startUs,
    endUs,
    totals: sum,
    isExpandable: true,
  };
}

function withAncestors(nodes: readonly TreeNode[]): Set<TreeNode> {
  const all = new Set<TreeNode>();
  for (const node of nodes) {
    for (let each: TreeNode | null = node; each !== null && !all.has(each); each = each.parent) all.add(each);
  }
  return all;
}
