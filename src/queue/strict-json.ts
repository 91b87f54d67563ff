/** Which values JSON brings as they are. JSON itself says nothing: a Date becomes a text, a Map an empty object. */
import { hideSecrets } from '../platform/redact.ts';
import type { SizeLimit } from './codec.ts';
import { PayloadTooLargeError } from './errors.ts';
import { type Fault, faultOf, isPlainObject, kept, lost } from './json-kinds.ts';

/** The deepest nesting of arrays and objects. Many programs that go through a value fail at a few thousand levels. */
export const MAX_DEPTH = 100;

/** The first value that would not arrive as it is. */
interface Change extends Fault {
  /** From the inside to the outside. */
  readonly path: string[];
}

/** How much of the limit is left, in bytes, for the shortest text that the rest may have. */
interface Room {
  left: number;
}

/**
 * @throws TypeError that names the first value that JSON would change
 * @throws PayloadTooLargeError as soon as the text would surely be too large
 */
export function requireJson(value: unknown, { what, maxBytes }: SizeLimit): void {
  const room = { left: maxBytes };
  const change = firstChange(value, 1, room);
  if (room.left < 0) throw new PayloadTooLargeError(what, maxBytes);
  if (change === undefined) return;
  const done = what === 'output' ? '; the work was done' : '';
  throw new TypeError(`${what}${shownPath(change.path)} ${change.why}; ${change.advice}${done}`);
}

function firstChange(value: unknown, level: number, room: Room): Change | undefined {
  room.left -= 1;
  if (room.left < 0) return here(lost('is too large'));
  switch (typeof value) {
    case 'string':
      room.left -= value.length;
      return undefined;
    case 'boolean':
      return undefined;
    case 'number':
      if (!Number.isFinite(value)) return here(kept(`is ${value}, which JSON changes to null`));
      return Object.is(value, -0) ? here(kept('is -0, which JSON changes to 0')) : undefined;
    case 'object':
      if (value === null) return undefined;
      if (level > MAX_DEPTH)
        return here(lost(`is nested deeper than ${MAX_DEPTH} levels, or contains itself`, 'give flat data'));
      if (Array.isArray(value)) return changeInArray(value, level, room);
      if (isPlainObject(value) && !isRawJson(value)) return changeInObject(value, level, room);
      return here(faultOf(value));
    default:
      return here(faultOf(value));
  }
}

function changeInArray(list: readonly unknown[], level: number, room: Room): Change | undefined {
  const prototype: unknown = Object.getPrototypeOf(list);
  if (prototype !== Array.prototype && !isArrayPrototype(prototype)) return here(faultOf(list));
  if (typeof (list as { toJSON?: unknown }).toJSON === 'function') return here(lost(BY_TO_JSON));
  for (let i = 0; i < list.length; i += 1) {
    const change = firstChange(list[i], level + 1, room);
    if (change !== undefined) return within(`[${i}]`, change);
  }
  return hasMoreKeys(list) ? here(lost('is an array with further properties, which JSON leaves out')) : undefined;
}

/** The keys of a longer array are not looked at: to list them takes longer than JSON takes for all of it. */
const LONGEST_LISTED = 10_000;

/** Whether an array without holes has other keys than its items. */
function hasMoreKeys(list: readonly unknown[]): boolean {
  if (Object.getOwnPropertySymbols(list).length > 0) return true;
  // The length is one of them.
  return list.length <= LONGEST_LISTED && Object.getOwnPropertyNames(list).length > list.length + 1;
}

/** A text that newer versions of Node.js write into JSON as it is, such as a number that is no number of JavaScript. */
const { isRawJSON: isRawJson = () => false } = JSON as { isRawJSON?: (value: unknown) => boolean };

function changeInObject(object: object, level: number, room: Room): Change | undefined {
  if (typeof (object as { toJSON?: unknown }).toJSON === 'function') return here(lost(BY_TO_JSON));
  const keys = Object.keys(object);
  if (Object.getOwnPropertySymbols(object).length > 0)
    return here(lost('has a symbol as a key, which JSON leaves out'));
  if (Object.getOwnPropertyNames(object).length !== keys.length) {
    return here(lost('has a property that is not enumerable, which JSON leaves out'));
  }
  for (let i = 0; i < keys.length; i += 1) {
    const key = keys[i] as string;
    if (key === '__proto__')
      return here(lost('has the key __proto__, which would become the prototype of a copy', 'leave it out'));
    room.left -= key.length + 3;
    const property = Object.getOwnPropertyDescriptor(object, key);
    const isRead = property !== undefined && property.get === undefined && property.set === undefined;
    const change = isRead
      ? firstChange(property.value, level + 1, room)
      : here(lost('is a getter, which JSON changes to a value'));
    if (change !== undefined) return within(shownKey(key, i), change);
  }
  return undefined;
}

const BY_TO_JSON = 'has a method toJSON, by which JSON changes it';

/** Of another realm. A class of arrays has one more prototype. */
function isArrayPrototype(prototype: unknown): boolean {
  return prototype !== null && Object.getPrototypeOf(Object.getPrototypeOf(prototype)) === null;
}

function here(fault: Fault): Change {
  return { ...fault, path: [] };
}

function within(key: string, change: Change): Change {
  change.path.push(key);
  return change;
}

/** A key that is no identifier may be data, such as an address: its place says enough. */
function shownKey(key: string, i: number): string {
  return /^[A-Za-z_$][\w$]{0,39}$/.test(key) ? `.${hideSecrets(key)}` : `[key ${i + 1}]`;
}

const MOST_KEYS = 12;

function shownPath(path: readonly string[]): string {
  const keys = [...path].reverse();
  return keys.length > MOST_KEYS ? `${keys.slice(0, MOST_KEYS).join('')}…` : keys.join('');
}

/**
 * Whether a value that JSON gave may be used: it is not nested too deeply for those who go through it, and no key of it
 * changes a prototype.
 */
export function isHarmless(value: unknown, level = 1): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (level > MAX_DEPTH) return false;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i += 1) if (!isHarmless(value[i], level + 1)) return false;
    return true;
  }
  for (const key of Object.keys(value)) {
    if (key === '__proto__') return false;
    if (!isHarmless((value as Readonly<Record<string, unknown>>)[key], level + 1)) return false;
  }
  return true;
}
