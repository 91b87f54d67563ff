/** What JSON makes of values that are no plain data, in words for an error. */
import { copyText } from '../platform/copy-text.ts';
import { readProperty } from '../platform/read-property.ts';

/** An object of `{ … }`, also of another realm or without a prototype. */
export function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'isPrototypeOf');
}

export function changeOf(value: unknown): string {
  switch (typeof value) {
    case 'undefined':
      return 'is undefined, which JSON leaves out or changes to null';
    case 'bigint':
      return 'is a bigint, which JSON cannot write';
    case 'symbol':
    case 'function':
      return `is a ${typeof value}, which JSON leaves out`;
    default:
      return changeOfObject(value as object);
  }
}

function changeOfObject(value: object): string {
  const name = nameOf(value);
  const article = /^[AEIO]/.test(name) ? 'an' : 'a';
  if (value instanceof AbortSignal) {
    return 'is an AbortSignal, which cannot cross: the worker has one of its own, in its context, that aborts with the caller';
  }
  if (isStreaming(value))
    return `is ${article} ${name}, a stream, which can be read only once: read it to its end first`;
  if (typeof readProperty(value, 'then') === 'function') return `is ${article} ${name}, which must be awaited first`;
  if (value instanceof Date) return 'is a Date, which JSON changes to a text';
  if (value instanceof Map || value instanceof Set) return `is a ${name}, which JSON changes to an empty object`;
  if (ArrayBuffer.isView(value)) return `is ${article} ${name}, which JSON changes to an object`;
  if (value instanceof Error) return `is ${article} ${name}, of which JSON keeps neither the class nor the message`;
  return `is ${article} ${name}, a class that JSON does not keep`;
}

function isStreaming(value: object): boolean {
  const has = (key: PropertyKey) => typeof readProperty(value, key) === 'function';
  return has(Symbol.asyncIterator) || has('getReader') || has('getWriter') || (has('pipe') && has('on'));
}

function nameOf(value: object): string {
  try {
    const { name } = value.constructor as { readonly name: unknown };
    if (typeof name === 'string' && name !== '') return copyText(name.slice(0, 40));
  } catch {
    // A class may do anything.
  }
  return 'class without a name';
}
