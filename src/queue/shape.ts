/** What a part of a message must be. A message comes from outside: what a guard refuses is never used. */

export type Guard<T> = (value: unknown) => value is T;

/** A guard for each field. The compiler asks for all of them. */
export type Shape<T> = { readonly [K in keyof T]-?: Guard<T[K]> };

/**
 * The fields of `value` that the shape has, in an object of its own; else the name of the first field that is wrong.
 * Further fields are ignored: a newer version of the program may send them.
 */
export function shaped<T extends object>(value: unknown, shape: Shape<T>): T | string {
  if (!isTable(value)) return 'the whole';
  const fields: Record<string, unknown> = {};
  for (const [key, guard] of Object.entries<Guard<unknown>>(shape)) {
    const field = Object.hasOwn(value, key) ? value[key] : undefined;
    if (!guard(field)) return key;
    if (field !== undefined) fields[key] = field;
  }
  return fields as T;
}

export function text(maxLength: number): Guard<string> {
  return (value): value is string => typeof value === 'string' && value.length <= maxLength;
}

export const flag: Guard<boolean> = (value): value is boolean => typeof value === 'boolean';

export const finite: Guard<number> = (value): value is number => typeof value === 'number' && Number.isFinite(value);

/** 0, 1, 2, ... */
export const whole: Guard<number> = (value): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Anything: whoever uses the field has to check it. */
export const anything: Guard<unknown> = (_value): _value is unknown => true;

export function oneOf<const T extends string>(...words: readonly T[]): Guard<T> {
  return (value): value is T => words.some((word) => word === value);
}

export function either<A, B>(a: Guard<A>, b: Guard<B>): Guard<A | B> {
  return (value): value is A | B => a(value) || b(value);
}

/** Also `undefined`, and a field that does not exist. */
export function maybe<T>(guard: Guard<T>): Guard<T | undefined> {
  return (value): value is T | undefined => value === undefined || guard(value);
}

export function listOf<T>(guard: Guard<T>, maxItems: number): Guard<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.length <= maxItems && value.every(guard);
}

/** An object whose keys the sender chooses. */
export function tableOf<T>(guard: Guard<T>): Guard<Readonly<Record<string, T>>> {
  return (value): value is Readonly<Record<string, T>> =>
    // Whoever assigns such a key to an object would change its prototype.
    isTable(value) && !Object.hasOwn(value, '__proto__') && Object.values(value).every(guard);
}

/** An object with known fields. Further ones are left in it. */
export function having<T extends object>(shape: Shape<T>): Guard<T> {
  return (value): value is T => typeof shaped(value, shape) === 'object';
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
