/** Values of a reply or of a request, which may be anything. */
import { readProperty } from '../platform/read-property.ts';

/** The most entries of a list that are looked at. */
const MOST_ENTRIES = 1_024;
/** The longest name: of a model, a finish reason, an id, in characters. */
const LONGEST_NAME = 256;

/** What code of others gives; `undefined` where it throws. */
export function tried<Out>(read: () => Out): Out | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** The value at a path of keys; `undefined` where the path ends before. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found = value;
  for (const key of path) found = readProperty(found, key);
  return found;
}

/** The entries of a list; none of anything else. */
export function entriesOf(list: unknown, most = MOST_ENTRIES): readonly unknown[] {
  const length = isList(list) ? Math.min(numberOf(readProperty(list, 'length')) ?? 0, most) : 0;
  const entries: unknown[] = [];
  for (let i = 0; i < length; i += 1) entries.push(readProperty(list, i));
  return entries;
}

/** Like `Array.isArray`, which throws for some proxies. */
export function isList(value: unknown): boolean {
  return tried(() => Array.isArray(value)) === true;
}

/** A short text that is not empty. */
export function nameOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_NAME ? value : undefined;
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A finite number that is 0 or more. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY ? value : undefined;
}
