/** Which siblings stand alone, and which fold. */
import { factsOf, type SpanGroup } from './facts.ts';
import type { TreeNode } from './tree.ts';

/** So many equal siblings fold. */
export const FOLD_FROM = 5;

export interface Fold {
  readonly key: string;
  readonly members: TreeNode[];
}
export type Item = TreeNode | Fold;

const equality = (node: TreeNode) => {
  const { type, label } = factsOf(node.span);
  return node.isMissing ? `missing ${node.span.spanId}` : `${type} ${label} ${node.span.scope}`;
};

/**
 * Siblings, with a fold in the place of the first of five or more equal ones. Below an agent only equal ones that follow one
 * another fold: there the order of model calls and tools is what a reader looks for.
 */
export function itemsOf(siblings: readonly TreeNode[], parent: TreeNode | null): readonly Item[] {
  if (siblings.length < FOLD_FROM) return siblings;
  const where = `fold ${parent?.span.spanId ?? ''} `;
  return isInTurn(siblings) ? foldNeighbours(siblings, where) : foldAll(siblings, where);
}

function foldAll(siblings: readonly TreeNode[], where: string): readonly Item[] {
  const groups = new Map<string, TreeNode[]>();
  for (const node of siblings) {
    const key = equality(node);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [node]);
    else group.push(node);
  }
  return siblings.flatMap((node): readonly Item[] => {
    const key = equality(node);
    const members = groups.get(key) as TreeNode[];
    if (members.length < FOLD_FROM) return [node];
    return members[0] === node ? [{ key: where + key, members }] : [];
  });
}

function foldNeighbours(siblings: readonly TreeNode[], where: string): readonly Item[] {
  const items: Item[] = [];
  for (let from = 0, to = 0; from < siblings.length; from = to) {
    const first = siblings[from] as TreeNode;
    const key = equality(first);
    for (to = from + 1; to < siblings.length && equality(siblings[to] as TreeNode) === key; ) to += 1;
    const members = siblings.slice(from, to);
    if (members.length < FOLD_FROM) items.push(...members);
    else items.push({ key: `${where}${key} ${first.span.spanId}`, members });
  }
  return items;
}

/** Model calls and tools beside one another: an agent's turns. */
function isInTurn(siblings: readonly TreeNode[]): boolean {
  const has = (wanted: SpanGroup) => siblings.some(({ span }) => factsOf(span).group === wanted);
  return has('tool') && has('model');
}
