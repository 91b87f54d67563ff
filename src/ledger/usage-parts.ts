/** The numbers of a usage, found in a value that another program has written. Pure, and safe with values of any kind. */
import { isTokens } from './usage.ts';

/** The numbers that a usage has said, each 0 or more. Providers differ in what is a part of what. */
export interface UsageParts {
  readonly input?: number | undefined;
  readonly output?: number | undefined;
  /** Input and output together. */
  readonly total?: number | undefined;
  readonly cached?: number | undefined;
  readonly cacheWrite?: number | undefined;
  readonly cacheWrite1h?: number | undefined;
  readonly reasoning?: number | undefined;
  readonly inputAudio?: number | undefined;
  readonly outputAudio?: number | undefined;
  readonly outputImage?: number | undefined;
  readonly webSearches?: number | undefined;
  /** Input that is not in `input`: what tools have added to the prompt. */
  readonly toolInput?: number | undefined;
}

/**
 * What two usages of one reply say together. The numbers are cumulative: a later one takes the place of an earlier one. A
 * later 0, and a later usage without numbers, is an end that a server adds: it erases nothing.
 */
export function laterParts(before: UsageParts, after: UsageParts): UsageParts {
  const together: Record<string, number | undefined> = { ...before };
  for (const part in after) {
    const tokens = after[part as keyof UsageParts];
    if (tokens !== undefined && (tokens > 0 || together[part] === undefined)) together[part] = tokens;
  }
  return together;
}

/** `whole` without `part`; `undefined` where one of the two is unknown, or the part is the larger one. */
export function rest(whole: number | undefined, part: number | undefined): number | undefined {
  return whole === undefined || part === undefined || part > whole ? undefined : whole - part;
}

/** The places of each number, as paths with dots; the first place that has a number is read. */
type Places = Readonly<Partial<Record<keyof UsageParts, readonly string[]>>>;

export function partsReader(places: Places): (usage: unknown) => UsageParts {
  const paths = Object.entries(places).map(
    ([part, all]) => [part, (all as readonly string[]).map((path) => path.split('.'))] as const,
  );
  return (usage) => {
    const parts: Record<string, number> = {};
    for (const [part, places] of paths) {
      for (const path of places) {
        const tokens = tokensAt(usage, path);
        if (tokens === undefined) continue;
        parts[part] = tokens;
        break;
      }
    }
    return parts;
  };
}

export function tokensAt(usage: unknown, path: readonly string[]): number | undefined {
  let value = usage;
  for (const key of path) value = read(value, key);
  return isTokens(value) ? value : undefined;
}

/** The most entries of a list that are read: there is one for each modality. */
const MOST_ENTRIES = 16;

/** The sum of `count` over those entries of a list whose `key` is `value`; `undefined` where there is none. */
export function tokensOf(list: unknown, key: string, value: string, count: string): number | undefined {
  if (typeof list !== 'object' || list === null) return undefined;
  const length = read(list, 'length');
  let sum: number | undefined;
  for (let i = 0; typeof length === 'number' && i < length && i < MOST_ENTRIES; i += 1) {
    const entry = read(list, i);
    const tokens = read(entry, key) === value ? read(entry, count) : undefined;
    if (isTokens(tokens)) sum = (sum ?? 0) + tokens;
  }
  return sum;
}

/** A property of a foreign value; reading it may throw. */
export function read(value: unknown, key: string | number): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    return (value as Readonly<Record<string | number, unknown>>)[key];
  } catch {
    return undefined;
  }
}
