/** Writes text as UTF-8 into one buffer. A scrape can have a million lines: each as a text of its own takes twice the time. */

/** Parts of about 64 kB: each is written to a client by one call of the system. */
const PART_LENGTH = 65_536;
/** The longest character of a text, in bytes. */
const MAX_CHARACTER = 3;
const MAX_DIGITS = 10;
const ZERO = 0x30;

export class Utf8Writer {
  /** With room for what is written before `isFull` is read. */
  #bytes = Buffer.allocUnsafe(2 * PART_LENGTH);
  /** How many bytes have been written since the last part. */
  length = 0;

  /** Forgets what has been written since the last part. */
  clear(): void {
    this.length = 0;
  }

  get isFull(): boolean {
    return this.length >= PART_LENGTH;
  }

  /** What has been written since the last part. */
  take(): Buffer {
    // Not `Buffer.from`, which takes ten times as long for a part of this size.
    const part = Buffer.allocUnsafe(this.length);
    part.set(this.#bytes.subarray(0, this.length));
    this.length = 0;
    return part;
  }

  text(text: string): void {
    this.#makeRoom(text.length * MAX_CHARACTER);
    this.length += this.#bytes.write(text, this.length);
  }

  bytes(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Writes again what stands from `start` to `end`. */
  again(start: number, end: number): void {
    this.#makeRoom(end - start);
    this.#bytes.copyWithin(this.length, start, end);
    this.length += end - start;
  }

  /** The digits of a number that is an integer from 0 to 2 ** 31 - 1, and its text where it is another one. */
  number(value: number, textOf: (value: number) => string): void {
    if ((value | 0) !== value || value < 0) {
      this.text(textOf(value));
      return;
    }
    this.#makeRoom(MAX_DIGITS);
    let digits = 1;
    for (let limit = 10; value >= limit; limit *= 10) digits += 1;
    this.length += digits;
    let rest = value;
    for (let at = this.length - 1; digits > 0; digits -= 1, at -= 1) {
      this.#bytes[at] = ZERO + (rest % 10);
      rest = (rest / 10) | 0;
    }
  }

  #makeRoom(length: number): void {
    if (this.length + length <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.length + length));
    larger.set(this.#bytes.subarray(0, this.length));
    this.#bytes = larger;
  }
}
