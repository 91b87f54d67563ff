import { readProperty } from '../platform/read-property.ts';
import { redact } from '../platform/redact.ts';

/** The largest record of an error with all that is in it, in bytes. */
export const MAX_RECORD_BYTES = 32_000;
/** What a record has beside its texts: its keys and numbers, in bytes. */
const RECORD_BYTES = 500;
/** So many errors are in a record at most. */
export const MAX_ERRORS = 16;
/** The deepest cause that crosses. */
export const MAX_CAUSES = 5;
const MAX_STACK = 2_048;
/** The longest text of a fact, in characters, with the sign that it was cut. */
export const MAX_FACT = 2_048;
const MAX_ITEMS = 64;
/** With less than this, a list ends. */
const MIN_ROOM = 100;
const MAX_WORD = 256;

/** What a record of an error still has room for. An error may be large, or refer to itself. */
export class ErrorRoom {
  #left: number;
  #stacksLeft = 2 * MAX_STACK;
  #errors = 0;

  constructor(maxBytes: number) {
    this.#left = Math.min(MAX_RECORD_BYTES, maxBytes) - RECORD_BYTES;
  }

  /** Whether there is room for another error. */
  admitsError(): boolean {
    if (this.#left < 2 * RECORD_BYTES || this.#errors >= MAX_ERRORS) return false;
    this.#left -= RECORD_BYTES;
    this.#errors += 1;
    return true;
  }

  /** The text without what looks like a credential, cut to the room that is left. */
  text(text: string, maxLength: number): string {
    let cut = redact(text, maxLength);
    // One character may be six bytes of JSON.
    if (bytesOf(cut) > this.#left) cut = redact(cut, Math.max(0, Math.floor(this.#left / 6)));
    this.#left -= bytesOf(cut) + 1;
    return cut;
  }

  /** The lines of a stack. What is before them is the message. */
  stack(stack: unknown): string | undefined {
    if (typeof stack !== 'string') return undefined;
    const start = stack.slice(0, 65_536).search(/^ {4}at /m);
    if (start < 0 || this.#stacksLeft <= 0) return undefined;
    const lines = this.text(stack.slice(start, start + MAX_STACK), MAX_STACK);
    this.#stacksLeft -= lines.length;
    return lines;
  }

  /** A copy of a text, a number, a flag, or of a short list or table of these. */
  fact(value: unknown, level = 0): unknown {
    if (typeof value === 'string') return this.text(value, level === 0 ? MAX_FACT - 1 : MAX_WORD);
    if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) {
      this.#left -= 30;
      return value;
    }
    if (typeof value !== 'object' || value === null || level > 0 || this.#left < 1_000) return undefined;
    const isRoom = () => this.#left >= MIN_ROOM;
    if (Array.isArray(value)) {
      return value.slice(0, MAX_ITEMS).flatMap((each) => (isRoom() ? [this.fact(each, 1) ?? ''] : []));
    }
    const table: Record<string, unknown> = {};
    for (const key of Object.keys(value).slice(0, MAX_ITEMS)) {
      const fact = isRoom() && key.length <= MAX_WORD ? this.fact(readProperty(value, key), 1) : undefined;
      if (fact !== undefined && key !== '__proto__') table[this.text(key, MAX_WORD)] = fact;
    }
    return table;
  }
}

function bytesOf(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}
