/** What is in the subtree of each node: dollars, tokens, errors. */
import { countsAsCall, isRequest, tellsUsage } from './calls.ts';
import { factsOf } from './facts.ts';
import { plus } from './read.ts';
import type { StudioSpan } from './span.ts';
import type { RunTree, TreeNode } from './tree.ts';

export interface Totals {
  spans: number;
  /** Spans that failed, also those that something absorbed. */
  errors: number;
  modelCalls: number;
  /** `null`: no call is priced, or there is none. */
  nanodollars: number | null;
  /** Model calls whose dollars are not known. */
  unknownDollars: number;
  inputTokens: number | null;
  outputTokens: number | null;
}

const known = new WeakMap<RunTree, ReadonlyMap<TreeNode, Totals>>();

/** The totals of each subtree, its own span included. */
export function totalsOf(tree: RunTree): ReadonlyMap<TreeNode, Totals> {
  const found = known.get(tree);
  if (found !== undefined) return found;
  const totals = new Map<TreeNode, Totals>();
  const order = [...nodesInOrder(tree)];
  for (let i = order.length - 1; i >= 0; i -= 1) {
    const node = order[i] as TreeNode;
    const sum = ownTotals(node);
    for (const child of node.children) add(sum, totals.get(child) as Totals);
    totals.set(node, sum);
  }
  known.set(tree, totals);
  return totals;
}

/** The nodes, each before its children, as they stand on the page. */
export function* nodesInOrder({ roots }: Pick<RunTree, 'roots'>): Generator<TreeNode> {
  const stack = roots.toReversed();
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    yield node;
    for (let i = node.children.length - 1; i >= 0; i -= 1) stack.push(node.children[i] as TreeNode);
  }
}

const isModelCall = (span: StudioSpan) => factsOf(span).isModelCall;

/** Whether the node is a model call whose tokens and dollars are not those of another span. */
export function isCountedCall({ span, parent, children }: TreeNode): boolean {
  if (!factsOf(span).isModelCall) return false;
  let around = parent;
  while (around !== null && isRequest(around.span)) around = around.parent;
  const below: StudioSpan[] = [];
  const stack = [...children];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (isModelCall(node.span)) below.push(node.span);
    else if (isRequest(node.span)) stack.push(...node.children);
  }
  return countsAsCall(span, tellsUsage, {
    parent: around !== null && isModelCall(around.span) ? around.span : undefined,
    children: below,
  });
}

function ownTotals(node: TreeNode): Totals {
  const { nanodollars, unknownDollars, tokens, hasFailed } = factsOf(node.span);
  const isCounted = isCountedCall(node);
  return {
    spans: node.isMissing ? 0 : 1,
    errors: hasFailed ? 1 : 0,
    modelCalls: isCounted ? 1 : 0,
    nanodollars: isCounted ? nanodollars : null,
    unknownDollars: isCounted && unknownDollars !== null ? 1 : 0,
    inputTokens: isCounted ? tokens.input : null,
    outputTokens: isCounted ? tokens.output : null,
  };
}

export function add(sum: Totals, other: Totals): void {
  sum.spans += other.spans;
  sum.errors += other.errors;
  sum.modelCalls += other.modelCalls;
  sum.nanodollars = plus(sum.nanodollars, other.nanodollars);
  sum.unknownDollars += other.unknownDollars;
  sum.inputTokens = plus(sum.inputTokens, other.inputTokens);
  sum.outputTokens = plus(sum.outputTokens, other.outputTokens);
}

export function noTotals(): Totals {
  return {
    spans: 0,
    errors: 0,
    modelCalls: 0,
    nanodollars: null,
    unknownDollars: 0,
    inputTokens: null,
    outputTokens: null,
  };
}
