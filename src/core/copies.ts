/**
 * Two copies of this package in one process do not know each other's primitives and contexts, and their counts overwrite
 * one another. A process warning says so, before the user finds wrong numbers.
 */
import { readProperty } from '../platform/read-property.ts';

const LOADED = Symbol.for('tta-primitives.loaded');
const copies = globalThis as { [LOADED]?: string };

if (copies[LOADED] === undefined) copies[LOADED] = import.meta.url;
else {
  process.emitWarning(
    `two copies of tta-primitives are loaded, from ${copies[LOADED]} and ${import.meta.url}: ` +
      'neither accepts the primitives of the other, and their counts overwrite one another; npm dedupe leaves one',
    'TtaPrimitivesWarning',
  );
}

/** The end of an error message for a value that another copy of this package made; empty for any other value. */
export function otherCopy(value: unknown, method: string): string {
  if (typeof readProperty(value, method) !== 'function') return '';
  return ', made by another copy of tta-primitives: npm ls tta-primitives shows them, npm dedupe leaves one';
}
