/** Members of a response, whichever class made it, and of its stream. */
import type { ReadableStream } from 'node:stream/web';
import { readProperty } from '../platform/read-property.ts';

/**
 * Reads a member as the object does now, also once another property of that name hides it. `undefined` where the object
 * has no such member.
 */
export function memberOf(owner: object, name: string): (() => unknown) | undefined {
  for (let at: object | null = owner; at !== null; at = Object.getPrototypeOf(at)) {
    const found = Object.getOwnPropertyDescriptor(at, name);
    if (found === undefined) continue;
    const { get, value } = found;
    return get === undefined ? () => value : () => Reflect.apply(get, owner, []);
  }
  return undefined;
}

export function isStream(value: unknown): value is ReadableStream<unknown> {
  return typeof readProperty(value, 'getReader') === 'function' && typeof readProperty(value, 'locked') === 'boolean';
}

/** Whether it is a stream of bytes: only such a one has readers that bring their own buffer. */
export function isByteStream(stream: ReadableStream<unknown>): boolean {
  try {
    stream.getReader({ mode: 'byob' }).releaseLock();
    return true;
  } catch {
    return false;
  }
}
