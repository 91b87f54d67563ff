/** The parameters of a request, checked. */

/** What is wrong with a request, for its sender. */
export class QueryError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'QueryError';
  }
}

export interface Limits {
  readonly min: number;
  readonly max: number;
  /** The value where the parameter is missing. */
  readonly otherwise: number;
}

/** @throws QueryError when the parameter is not a whole number within the limits */
export function wholeNumber(query: URLSearchParams, name: string, { min, max, otherwise }: Limits): number {
  const text = query.get(name);
  if (text === null) return otherwise;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new QueryError(`${name} must be a whole number from ${min} to ${max}`);
}
