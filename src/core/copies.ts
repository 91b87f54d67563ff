/**
 * Two copies of this package in one process do not know each other's primitives and contexts, and count the same series
 * one over the other: whoever has them should hear of it before he wonders at his numbers.
 */
import { readProperty } from '../platform/read-property.ts';

const LOADED = Symbol.for('tta-primitives.loaded');
const copies = globalThis as { [LOADED]?: string };

if (copies[LOADED] === undefined) copies[LOADED] = import.meta.url;
else {
  process.emitWarning(
    `two copies of tta-primitives are loaded, from ${copies[LOADED]} and ${import.meta.url}: ` +
      'neither takes the primitives of the other, and what both count is counted wrong; npm dedupe leaves one',
    'TtaPrimitivesWarning',
  );
}

/** What to add to the refusal of a value that has this method of ours and yet is not ours; else nothing. */
export function otherCopy(value: unknown, method: string): string {
  if (typeof readProperty(value, method) !== 'function') return '';
  return ', made by another copy of tta-primitives: npm ls tta-primitives shows them, npm dedupe leaves one';
}
