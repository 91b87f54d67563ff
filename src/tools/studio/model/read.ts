/** Attributes of any origin, as the types that they should have. */
import type { Attributes, AttributeValue } from './span.ts';

export const textOf = (value: AttributeValue | undefined): string | null =>
  typeof value === 'string' && value !== '' ? value : null;

/** A number that is 0 or more. Some SDKs write numbers as texts. */
export function countOf(value: AttributeValue | undefined): number | null {
  const number = typeof value === 'string' && /^\d{1,15}(?:\.\d{1,15})?$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : null;
}

export const textsOf = (value: AttributeValue | undefined): readonly string[] =>
  (Array.isArray(value) ? value : [value]).flatMap((each) => textOf(each) ?? []);

/** Microseconds from an attribute in seconds. */
export function microsecondsOf(seconds: AttributeValue | undefined): number | null {
  const count = countOf(seconds);
  return count === null ? null : Math.round(count * 1e6);
}

/** Thousand-millionths of a dollar, a whole number. What is too large to be exact is not known. */
export function nanodollarsOf(dollars: AttributeValue | undefined): number | null {
  const count = countOf(dollars);
  const nanodollars = count === null ? Number.NaN : Math.round(count * 1e9);
  return Number.isSafeInteger(nanodollars) ? nanodollars : null;
}

/** The first of these attributes that has a text. */
export function firstText(attributes: Attributes, ...keys: readonly string[]): string | null {
  for (const key of keys) {
    const text = textOf(attributes[key]);
    if (text !== null) return text;
  }
  return null;
}

/** What a table has under a word that can be any: `constructor` is in none, though every object has one. */
export const entryOf = <T>(table: Readonly<Record<string, T>>, word: string): T | undefined =>
  Object.hasOwn(table, word) ? table[word] : undefined;

/** A sum of what is known; `null` while nothing is. */
export const plus = (one: number | null, other: number | null): number | null =>
  other === null ? one : (one ?? 0) + other;
