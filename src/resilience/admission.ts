/** One execution that a circuit has admitted. */
export class Admission {
  /** The epoch of the circuit in which its result counts. */
  readonly epoch: number;
  /** The execution of the same circuit that this one is inside of, and a part of. */
  readonly whole: Admission | undefined;
  /** The epoch of the shared circuit that has admitted it as a probe; `undefined` where this process has admitted it. */
  readonly probe: number | undefined;
  hasEnded = false;
  /** What its parts have ended with and what has counted: the same must not count again for the whole. */
  #counted: WeakSet<object> | undefined;

  constructor(epoch: number, whole: Admission | undefined, probe = whole?.probe) {
    this.epoch = epoch;
    this.whole = whole;
    this.probe = probe;
  }

  hasCounted(end: unknown): boolean {
    return this.#counted?.has(end as object) === true;
  }

  countedPart(end: unknown): void {
    if (typeof end !== 'object' || end === null) return;
    this.#counted ??= new WeakSet();
    this.#counted.add(end);
  }
}
