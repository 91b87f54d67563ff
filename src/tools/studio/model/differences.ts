/** How the attributes of equal steps of two runs differ. */
import { factsOf } from './facts.ts';
import type { AttributeValue } from './span.ts';
import type { TreeNode } from './tree.ts';

export interface Difference {
  /** The attribute, or `outcome`, `error` or `attempts`. */
  readonly key: string;
  /** Each value with the number of spans that have it; a span without it is not counted. */
  readonly left: readonly ValueCount[];
  readonly right: readonly ValueCount[];
}

export interface ValueCount {
  readonly value: string;
  readonly count: number;
}

export type AttributeCounts = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** What is different in any two runs and tells nothing: ids, times, sizes, ports, and what is shown apart. */
const NOT_COMPARED = new RegExp(
  [
    '(?:^|[._])(?:ids?|uuid|guid|timestamp|port|pid|nonce|content_length|size|chunks)$',
    '(?:wait|overrun|first_chunk|duration|elapsed|latency)(?:[._](?:seconds|ms|us|ns))?$',
    '\\.(?:ms|avg)[A-Z]\\w*$',
    '^(?:tta\\.exemplar|tta\\.outcome|tta\\.llm\\.cost_usd|tta\\.cache\\.saved_usd)$',
    '^(?:gen_ai\\.usage|ai\\.usage|code|thread)\\.',
    'Id$',
  ].join('|'),
);
const MOST_VALUES = 50;
const LONGEST_VALUE = 500;
const MORE = 'further values';

export function attributeCounts(nodes: readonly TreeNode[]): AttributeCounts {
  const counts = new Map<string, Map<string, number>>();
  const count = (key: string, value: string) => {
    let ofKey = counts.get(key);
    if (ofKey === undefined) {
      ofKey = new Map();
      counts.set(key, ofKey);
    }
    const known = ofKey.size < MOST_VALUES || ofKey.has(value) ? value : MORE;
    ofKey.set(known, (ofKey.get(known) ?? 0) + 1);
  };
  for (const { span } of nodes) {
    const { outcome, error } = factsOf(span);
    count('outcome', outcome);
    if (error !== null && error.message !== '') count('error', error.message.slice(0, LONGEST_VALUE));
    for (const key in span.attributes) {
      if (isCompared(key)) count(key, shown(span.attributes[key] as AttributeValue));
    }
  }
  return counts;
}

const compared = new Map<string, boolean>();
function isCompared(key: string): boolean {
  const known = compared.get(key);
  if (known !== undefined) return known;
  if (compared.size > 10_000) compared.clear();
  const answer = !NOT_COMPARED.test(key);
  compared.set(key, answer);
  return answer;
}

const shown = (value: AttributeValue) =>
  (typeof value === 'object' ? JSON.stringify(value) : String(value)).slice(0, LONGEST_VALUE);

/**
 * The keys whose values differ, or the shares of the spans that have them; in the order of the alphabet. Twelve spans with
 * the one value that eight had do not differ in it: how many there are is told apart.
 */
export function differencesOf(left: AttributeCounts, right: AttributeCounts): readonly Difference[] {
  const spans = { left: total(left.get('outcome')), right: total(right.get('outcome')) };
  return [...new Set([...left.keys(), ...right.keys()])].sort().flatMap((key) => {
    const [lefts, rights] = [left.get(key) ?? NONE, right.get(key) ?? NONE];
    const values = new Set([...lefts.keys(), ...rights.keys()]);
    const share = (value: string) => (lefts.get(value) ?? 0) * spans.right === (rights.get(value) ?? 0) * spans.left;
    return [...values].every(share) ? [] : [{ key, left: listed(lefts), right: listed(rights) }];
  });
}

const NONE: ReadonlyMap<string, number> = new Map();

function total(counts: ReadonlyMap<string, number> = NONE): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}

const listed = (counts: ReadonlyMap<string, number>): readonly ValueCount[] =>
  [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((one, other) => other.count - one.count || (one.value < other.value ? -1 : 1));
