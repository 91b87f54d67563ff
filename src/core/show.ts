/** Values in the texts of errors. */
import { copyText } from '../platform/copy-text.ts';
import { readProperty } from '../platform/read-property.ts';
import { redact } from '../platform/redact.ts';

/** A short form of any value. Texts and keys are shortened: they may be a user's data. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(cut(redact(value)));
  if (typeof value === 'function') return functionName(value);
  if (typeof value === 'bigint') return cut(`${value}n`);
  if (typeof value !== 'object' || value === null) return cut(String(value));
  try {
    const kind = kindOf(value);
    if (kind !== undefined) return kind;
    const keys = Object.keys(value);
    const more = keys.length > MOST_KEYS ? ` and ${keys.length - MOST_KEYS} more` : '';
    return `an object with ${keys.slice(0, MOST_KEYS).map(cut).join(', ') || 'no keys'}${more}`;
  } catch {
    return 'an object that cannot be looked into';
  }
}

/** Whether a value is an object of `{ … }`: no list, no promise, no instance of a class. It may be of another realm. */
export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** What an object is, if it is more than a few keys. A Promise is the most frequent mistake. */
function kindOf(value: object): string | undefined {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof readProperty(value, 'then') === 'function') return 'a Promise; await it';
  if (isPlain(value)) return undefined;
  if (typeof readProperty(value, 'pipe') === 'function' && typeof readProperty(value, 'execute') === 'function') {
    const name = readProperty(value, 'name');
    return typeof name === 'string' ? `the primitive ${cut(name)}` : 'a primitive';
  }
  const { name } = value.constructor as { readonly name?: unknown };
  if (typeof name !== 'string' || name === '') return undefined;
  return `${/^[AEIO]/i.test(name) ? 'an' : 'a'} ${cut(name)}`;
}

/** A class may have a `name` of its own, of any type. */
function functionName({ name }: { readonly name: unknown }): string {
  return typeof name === 'string' && name !== '' ? `function ${cut(name)}` : 'a function';
}

const MOST_KEYS = 8;

function cut(text: string): string {
  return text.length > 40 ? copyText(`${text.slice(0, 40)}…`) : text;
}

/** The type and size of a value without its content, which may be a user's data. */
export function measure(value: unknown): string {
  if (typeof value === 'string') return `a text of ${value.length} characters`;
  if (value === undefined || value === null || typeof value === 'boolean') return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  try {
    return kindOf(value) ?? `an object with ${Object.keys(value).length} keys`;
  } catch {
    return 'an object that cannot be looked into';
  }
}
