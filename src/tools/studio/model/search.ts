/** The search inside a run. */
import type { AttributeValue, StudioSpan } from './span.ts';
import { nodesInOrder } from './totals.ts';
import type { RunTree, TreeNode } from './tree.ts';

const LONGEST = 64 * 1024;
const texts = new WeakMap<StudioSpan, string>();

/** The words that are searched for; none for an empty search. All of them must occur, in any case of letters. */
export const wordsOf = (search: string): readonly string[] =>
  search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');

/** The nodes that have all words, in the order of the page. */
export function matchesIn(tree: RunTree, search: string): readonly TreeNode[] {
  const words = wordsOf(search);
  if (words.length === 0) return [];
  return [...nodesInOrder(tree)].filter(({ span }) => {
    const text = textIn(span);
    return words.every((word) => text.includes(word) || isIn(word, span.spanId));
  });
}

/** A short word such as `bad` is in many ids by chance. */
const isIn = (word: string, id: string) => word.length >= 8 && id.includes(word);

/** Names, messages, attributes and events of a span, in lower case. */
function textIn(span: StudioSpan): string {
  const found = texts.get(span);
  if (found !== undefined) return found;
  const parts = [span.name, span.service, span.scope, span.statusMessage, ...wordsIn(span.attributes)];
  for (const event of span.events) parts.push(event.name, ...wordsIn(event.attributes));
  const text = parts.join('\n').slice(0, LONGEST).toLowerCase();
  texts.set(span, text);
  return text;
}

const wordsIn = (attributes: StudioSpan['attributes']) =>
  Object.entries(attributes).map(([key, value]) => `${key}=${shown(value)}`);

const shown = (value: AttributeValue) => (typeof value === 'object' ? JSON.stringify(value) : String(value));
