/** Where the time of a run went, and where its dollars. */
import { criticalPathOf } from './critical-path.ts';
import { factsOf } from './facts.ts';
import { plus } from './read.ts';
import { endUs } from './span.ts';
import { isCountedCall, nodesInOrder } from './totals.ts';
import type { RunTree, TreeNode } from './tree.ts';
import { type DollarUse, useOf } from './use.ts';
import type { WaitKind } from './waits.ts';

export interface TimeShare {
  readonly type: string;
  readonly label: string;
  /** `work`, or what it waited for. */
  readonly kind: 'work' | WaitKind;
  /** Microseconds on the critical path. */
  us: number;
  /** The span that has most of it. */
  node: TreeNode;
  spans: number;
}

export interface DollarShare {
  readonly name: string;
  /** `null`: no call of it is priced. */
  nanodollars: number | null;
  calls: number;
  /** Calls whose dollars are not known. */
  unknown: number;
}

export interface Breakdown {
  /** The time of the roots, in microseconds: of overlapping ones once. */
  readonly totalUs: number;
  /** How long work went on after the last root had ended: nothing waited for it. */
  readonly afterUs: number;
  /** The largest first; together they are `totalUs`. */
  readonly time: readonly TimeShare[];
  readonly byModel: readonly DollarShare[];
  readonly byPrimitive: readonly DollarShare[];
  readonly byUse: readonly (DollarShare & { readonly name: DollarUse })[];
}

export function breakdownOf(tree: RunTree): Breakdown {
  const byModel = new Map<string, DollarShare>();
  const byPrimitive = new Map<string, DollarShare>();
  const byUse = new Map<string, DollarShare>();
  let lastUs = tree.startUs;
  for (const { span } of tree.roots) lastUs = Math.max(lastUs, endUs(span));
  const time = timeOf(tree);
  for (const node of nodesInOrder(tree)) {
    const { model, nanodollars, label } = factsOf(node.span);
    if (!isCountedCall(node)) continue;
    charge(byModel, model ?? 'unknown model', nanodollars);
    charge(byPrimitive, nameOfSpender(node) ?? label, nanodollars);
    charge(byUse, useOf(node), nanodollars);
  }
  return {
    totalUs: time.reduce((sum, { us }) => sum + us, 0),
    afterUs: tree.endUs - lastUs,
    time,
    byModel: dearestFirst(byModel),
    byPrimitive: dearestFirst(byPrimitive),
    byUse: dearestFirst(byUse) as Breakdown['byUse'],
  };
}

/** The nearest name that the author gave: of the call itself, else of what is around it. */
function nameOfSpender(node: TreeNode): string | undefined {
  for (let each: TreeNode | null = node; each !== null; each = each.parent) {
    const { isOurs, isNamed, group, label, model } = factsOf(each.span);
    if (isNamed && label !== model && (isOurs || group === 'agent' || group === 'tool')) return label;
  }
  return undefined;
}

function charge(shares: Map<string, DollarShare>, name: string, nanodollars: number | null): void {
  const share = shares.get(name) ?? { name, nanodollars: null, calls: 0, unknown: 0 };
  share.nanodollars = plus(share.nanodollars, nanodollars);
  share.calls += 1;
  if (nanodollars === null) share.unknown += 1;
  shares.set(name, share);
}

const dearestFirst = (shares: ReadonlyMap<string, DollarShare>) =>
  [...shares.values()].sort((one, other) => (other.nanodollars ?? -1) - (one.nanodollars ?? -1));

function timeOf(tree: RunTree): readonly TimeShare[] {
  const shares = new Map<string, TimeShare>();
  const longest = new Map<TimeShare, number>();
  const seen = new Set<string>();
  for (const { node, kind, startUs, endUs } of criticalPathOf(tree)) {
    const { type, label } = factsOf(node.span);
    const key = `${type} ${label} ${kind}`;
    const share = shares.get(key) ?? { type, label, kind, us: 0, node, spans: 0 };
    const us = endUs - startUs;
    share.us += us;
    if (us > (longest.get(share) ?? 0)) {
      longest.set(share, us);
      share.node = node;
    }
    const span = `${key} ${node.span.spanId}`;
    if (!seen.has(span)) share.spans += 1;
    seen.add(span);
    shares.set(key, share);
  }
  return [...shares.values()].sort((one, other) => other.us - one.us);
}
