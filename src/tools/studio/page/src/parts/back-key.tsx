import { go, listPath } from '../address.ts';
import { useKeys } from './keys.ts';

/** Escape leads back to the list while a view has nothing to close: it is being read, or it is not kept. */
export function BackKey() {
  useKeys([{ keys: ['Escape'], label: 'Back to the list', run: () => go(listPath.value) }]);
  return null;
}
