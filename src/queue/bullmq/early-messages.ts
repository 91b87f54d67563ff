/**
 * Messages for jobs that do not run here yet: they come on another connection than the job, and may be faster. Those of
 * jobs that have ended are dropped when newer ones need the room.
 */
const MAX_MESSAGES = 200;
const MAX_BYTES = 1_000_000;

export class EarlyMessages {
  #kept: { readonly id: string; readonly message: Uint8Array }[] = [];
  #bytes = 0;

  add(id: string, message: Uint8Array): void {
    this.#kept.push({ id, message });
    this.#bytes += message.byteLength;
    while (this.#kept.length > MAX_MESSAGES || this.#bytes > MAX_BYTES)
      this.#bytes -= this.#kept.shift()?.message.byteLength ?? 0;
  }

  /** Gives the messages for a job, and keeps them no longer. */
  take(id: string): Uint8Array[] {
    const found = this.#kept.filter((each) => each.id === id).map(({ message }) => message);
    if (found.length > 0) {
      this.#kept = this.#kept.filter((each) => each.id !== id);
      for (const { byteLength } of found) this.#bytes -= byteLength;
    }
    return found;
  }
}
