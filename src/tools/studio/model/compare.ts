/** Two runs side by side: which steps were added or are missing, what differs, time and dollars apart. */
import { attributeCounts, type Difference, differencesOf } from './differences.ts';
import { factsOf, type SpanGroup } from './facts.ts';
import { plus } from './read.ts';
import { shortName } from './title.ts';
import { isCountedCall } from './totals.ts';
import type { RunTree, TreeNode } from './tree.ts';

/** The spans of one run at one place: below equal parents, with the same type and name. */
export interface Side {
  readonly nodes: readonly TreeNode[];
  readonly failed: number;
  /** Nanoseconds, of all of them together. */
  readonly durationNs: number;
  /** Of the model calls among them, not of what is below; `null`: none is known. */
  readonly nanodollars: number | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
}

export interface CompareRow {
  /** Stands for the types and names from the root: the same in any two comparisons, also with the runs exchanged. */
  readonly key: string;
  readonly parentKey: string | null;
  readonly level: number;
  readonly type: string;
  readonly group: SpanGroup;
  readonly label: string;
  /** `added`: only the right run has it. `missing`: only the left one. `changed`: both, with a difference. */
  readonly change: 'same' | 'added' | 'missing' | 'changed';
  readonly left: Side | null;
  readonly right: Side | null;
  /** Attributes and outcomes that differ; ids, times and places are not compared. */
  readonly differences: readonly Difference[];
  /** Whether it, or anything below it, differs. */
  hasChange: boolean;
}

export interface Comparison {
  /** In the order of the left run; what only the right one has stands after what it follows there. */
  readonly rows: readonly CompareRow[];
  readonly added: number;
  readonly missing: number;
  readonly changed: number;
}

export function compare(left: RunTree, right: RunTree): Comparison {
  const rows: CompareRow[] = [];
  const stack: {
    key: string;
    parent: CompareRow | null;
    level: number;
    left: readonly TreeNode[];
    right: readonly TreeNode[];
  }[] = [];
  const push = (lefts: readonly TreeNode[], rights: readonly TreeNode[], parent: CompareRow | null) => {
    const [ofLeft, ofRight] = [grouped(lefts), grouped(rights)];
    const level = parent === null ? 0 : parent.level + 1;
    for (const step of mergedOrder([...ofLeft.keys()], [...ofRight.keys()]).reverse()) {
      const key = hashOf(`${parent?.key ?? ''} ${step}`);
      stack.push({ key, parent, level, left: ofLeft.get(step) ?? [], right: ofRight.get(step) ?? [] });
    }
  };
  push(left.roots, right.roots, null);
  const parents = new Map<CompareRow, CompareRow | null>();
  for (let each = stack.pop(); each !== undefined; each = stack.pop()) {
    const row = rowOf(each.key, each.parent, each.level, each.left, each.right);
    rows.push(row);
    parents.set(row, each.parent);
    if (row.change !== 'same') {
      for (let up: CompareRow | null = row; up !== null && !up.hasChange; up = parents.get(up) ?? null)
        up.hasChange = true;
    }
    push(childrenOf(each.left), childrenOf(each.right), row);
  }
  const count = (change: CompareRow['change']) => rows.filter((row) => row.change === change).length;
  return { rows, added: count('added'), missing: count('missing'), changed: count('changed') };
}

const childrenOf = (nodes: readonly TreeNode[]) => nodes.flatMap(({ children }) => children);

function grouped(nodes: readonly TreeNode[]): Map<string, TreeNode[]> {
  const groups = new Map<string, TreeNode[]>();
  for (const node of nodes) {
    const { type, label } = factsOf(node.span);
    const key = node.isMissing ? 'missing' : `${type} ${label}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [node]);
    else group.push(node);
  }
  return groups;
}

/** 64 bits: a path is as long as a run is deep. */
function hashOf(text: string): string {
  let [one, other] = [0x811c9dc5, 0x9e3779b9];
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    one = Math.imul(one ^ code, 0x01000193);
    other = Math.imul(other ^ code, 0x85ebca6b) ^ (other >>> 13);
  }
  return [one, other].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
}

/** All keys: those of the left in their order, and each other one after the one that it follows on the right. */
function mergedOrder(left: readonly string[], right: readonly string[]): string[] {
  const isLeft = new Set(left);
  const after = new Map<string | undefined, string[]>();
  let anchor: string | undefined;
  for (const key of right) {
    if (isLeft.has(key)) anchor = key;
    else after.set(anchor, [...(after.get(anchor) ?? []), key]);
  }
  return [...(after.get(undefined) ?? []), ...left.flatMap((key) => [key, ...(after.get(key) ?? [])])];
}

function rowOf(
  key: string,
  parent: CompareRow | null,
  level: number,
  lefts: readonly TreeNode[],
  rights: readonly TreeNode[],
): CompareRow {
  const [left, right] = [sideOf(lefts), sideOf(rights)];
  const facts = factsOf((lefts[0] ?? (rights[0] as TreeNode)).span);
  const { type, group } = facts;
  const label = shortName(facts);
  const differences =
    left === null || right === null ? [] : differencesOf(attributeCounts(lefts), attributeCounts(rights));
  const isChanged = differences.length > 0 || lefts.length !== rights.length;
  const change = left === null ? 'added' : right === null ? 'missing' : isChanged ? 'changed' : 'same';
  const parentKey = parent?.key ?? null;
  return { key, parentKey, level, type, group, label, change, left, right, differences, hasChange: false };
}

function sideOf(nodes: readonly TreeNode[]): Side | null {
  if (nodes.length === 0) return null;
  let [failed, durationNs] = [0, 0];
  let [nanodollars, inputTokens, outputTokens]: (number | null)[] = [null, null, null];
  for (const node of nodes) {
    const { hasFailed, tokens, nanodollars: dollars } = factsOf(node.span);
    if (hasFailed) failed += 1;
    durationNs += node.span.durationNs;
    if (!isCountedCall(node)) continue;
    nanodollars = plus(nanodollars ?? null, dollars);
    inputTokens = plus(inputTokens ?? null, tokens.input);
    outputTokens = plus(outputTokens ?? null, tokens.output);
  }
  return {
    nodes,
    failed,
    durationNs,
    nanodollars: nanodollars ?? null,
    inputTokens: inputTokens ?? null,
    outputTokens: outputTokens ?? null,
  };
}
