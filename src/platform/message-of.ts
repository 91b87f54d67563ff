import { readProperty } from './read-property.ts';

/** The message of anything that was thrown. By shape: in a test environment the errors of Node.js are no `Error`. */
export function messageOf(thrown: unknown): string {
  const message = readProperty(thrown, 'message');
  if (typeof message === 'string') return message;
  try {
    return String(thrown);
  } catch {
    return 'an error that has no text';
  }
}
