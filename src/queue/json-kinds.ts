/** What JSON makes of values that are no plain data, in words for an error. */
import { copyText } from '../platform/copy-text.ts';
import { readProperty } from '../platform/read-property.ts';

/** An object of `{ … }`, also of another realm or without a prototype. */
export function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'isPrototypeOf');
}

/** What is wrong with a value, and what to do. */
export interface Fault {
  readonly why: string;
  readonly advice: string;
}

export function faultOf(value: unknown): Fault {
  switch (typeof value) {
    case 'undefined':
      return kept('is undefined, which JSON leaves out or changes to null', 'leave it out');
    case 'bigint':
      return kept('is a bigint, which JSON cannot write');
    case 'symbol':
    case 'function':
      return lost(`is a ${typeof value}, which JSON leaves out`);
    default:
      return faultOfObject(value as object);
  }
}

/** The value is one that the codec of devalue keeps. */
export function kept(why: string, advice = 'give plain data'): Fault {
  return { why, advice: `${advice}, or use a codec that keeps it, such as devalueCodec` };
}

export function lost(why: string, advice = 'give plain data'): Fault {
  return { why, advice };
}

function faultOfObject(value: object): Fault {
  if (Object.hasOwn(value, 'rawJSON') && isPlainObject(value))
    return lost('is of JSON.rawJSON, which arrives as another value');
  const name = nameOf(value);
  const a = /^[AEIO]/.test(name) ? 'an' : 'a';
  if (value instanceof AbortSignal) {
    return lost('is an AbortSignal, which cannot cross', 'use that of the context, which aborts at the worker too');
  }
  if (isStreaming(value))
    return lost(`is ${a} ${name}, a stream, which can be read only once`, 'read it to its end first');
  if (typeof readProperty(value, 'then') === 'function') return lost(`is ${a} ${name}`, 'await it first');
  if (value instanceof Date) return kept('is a Date, which JSON changes to a text');
  if (value instanceof Map || value instanceof Set) return kept(`is a ${name}, which JSON changes to an empty object`);
  if (ArrayBuffer.isView(value)) return kept(`is ${a} ${name}, which JSON changes to an object`);
  if (value instanceof Error) return lost(`is ${a} ${name}, of which JSON keeps neither the class nor the message`);
  return lost(`is ${a} ${name}, a class that JSON does not keep`);
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
