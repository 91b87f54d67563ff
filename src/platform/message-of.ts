import { readProperty } from './read-property.ts';

/** The message of anything that was thrown. By shape: in a test environment the errors of Node.js are no `Error`. */
export function messageOf(thrown: unknown): string {
  const message = readProperty(thrown, 'message');
  return typeof message === 'string' ? message : String(thrown);
}
