/** Errors as they cross a queue. */

export interface ErrorRecord {
  readonly name: string;
  readonly message: string;
}

export function recordOf(error: unknown): ErrorRecord {
  return error instanceof Error
    ? { name: error.name, message: error.message }
    : { name: 'Error', message: String(error) };
}

export function errorOf(record: unknown): Error {
  const { name, message } = record as ErrorRecord;
  const error = new Error(message);
  error.name = name;
  return error;
}
