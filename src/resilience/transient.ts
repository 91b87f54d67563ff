import { readProperty } from '../platform/read-property.ts';

const TRANSIENT_4XX = new Set([408, 409, 425, 429]);

/** Whether another try may succeed: false for an error with a `status` of 4xx, except 408, 409, 425 and 429. */
export function isTransient(error: unknown): boolean {
  const status = readProperty(error, 'status');
  if (typeof status !== 'number' || status < 400 || status > 499) return true;
  return TRANSIENT_4XX.has(status);
}
