/**
 * Copies of this package in one process work together, if what they share has the same shape (`platform/process-wide.ts`).
 * Versions that are further apart do not: a process warning says so, before the user finds wrong numbers.
 */
import { otherGenerations } from '../platform/process-wide.ts';
import { readProperty } from '../platform/read-property.ts';

if (otherGenerations().length > 0) {
  process.emitWarning(
    'two versions of tta-primitives are loaded that do not fit together: neither accepts the primitives of the other, ' +
      'and their counts overwrite one another; npm ls tta-primitives shows them, npm dedupe leaves one',
    'TtaPrimitivesWarning',
  );
}

/** The end of an error message for a value that a version made that does not fit; empty for any other value. */
export function otherVersion(value: unknown, method: string): string {
  if (typeof readProperty(value, method) !== 'function') return '';
  return ', made by another version of tta-primitives: npm ls tta-primitives shows them, npm dedupe leaves one';
}
