import { readProperty } from '../platform/read-property.ts';

const TRANSIENT_4XX = new Set([408, 409, 425, 429]);

/** Whether an error may be gone next time: all but HTTP's 4xx in `status`, of which 408, 409, 425 and 429 still may. */
export function isTransient(error: unknown): boolean {
  const status = readProperty(error, 'status');
  if (typeof status !== 'number' || status < 400 || status > 499) return true;
  return TRANSIENT_4XX.has(status);
}
