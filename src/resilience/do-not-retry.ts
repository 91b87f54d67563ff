import { fail } from '../core/check.ts';
import { readProperty } from '../platform/read-property.ts';
import { errorsWithin } from './foreign-error.ts';

/** Known to all copies of this package, and to code that does not import it. */
const DO_NOT_RETRY = Symbol.for('tta-primitives.doNotRetry');
/** Marked errors that cannot have a further property. */
const frozen = new WeakSet<object>();

/**
 * Marks an error: `retry` and `hedge` do not try again after it, whatever their `when` says, also where it is the `cause` of
 * another error. Returns the same object.
 *
 * @example
 * const ask = task('ask', async (text: string) => {
 *   if (text === '') throw doNotRetry(new Error('nothing to ask'));
 *   return askModel(text);
 * });
 * @throws TypeError when the error is not an object
 */
export function doNotRetry<E extends object>(error: E): E {
  if (typeof error !== 'object' || error === null) fail('doNotRetry', 'error', 'must be an object', error);
  // A proxy may refuse the property with an error of its own.
  try {
    Object.defineProperty(error, DO_NOT_RETRY, { value: true, configurable: true });
  } catch {
    frozen.add(error);
  }
  return error;
}

/** Whether the error, or an error within it, was marked by `doNotRetry`. */
export function isMarked(error: unknown): boolean {
  for (const each of errorsWithin(error)) {
    if (readProperty(each, DO_NOT_RETRY) === true || frozen.has(each as object)) return true;
  }
  return false;
}
