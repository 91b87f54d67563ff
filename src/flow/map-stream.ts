import { CancelScope, untilCancelled } from '../core/cancellation.ts';
import type { ExecutionContext } from '../core/context.ts';
import { type Observation, recordItems } from '../telemetry/record/map.ts';
import { closeQuietly, type ItemIterator, type Items, isAsync, type MapPlan } from './items.ts';

/** A place for one result: taken when its item is started, given back when the result is read. */
interface Slot {
  settled: boolean;
  value: unknown;
}

interface Reader {
  readonly resolve: (result: IteratorResult<unknown, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

const DONE: IteratorResult<never, undefined> = Object.freeze({ done: true, value: undefined });

/**
 * Results that are made while they are read. Nothing starts before the first is asked for; then items are taken while
 * there is a free slot, also during a wait for the oldest, so that a slow source does not hold back what is ready.
 */
export class MappedStream<Item> implements AsyncIterableIterator<unknown, undefined, undefined> {
  readonly #plan: MapPlan<Item>;
  readonly #source: ItemIterator<Item>;
  readonly #context: ExecutionContext;
  readonly #scope: CancelScope;
  readonly #observation: Observation;
  /** In the order in which they are read: of the items, or of their results where that is free. */
  readonly #slots: Slot[] = [];
  readonly #readers: Reader[] = [];
  readonly #untie: () => void;
  #free: number;
  #inFlight = 0;
  #taken = 0;
  #failed = 0;
  #taking = false;
  #exhausted = false;
  #left = false;
  #over = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(plan: MapPlan<Item>, items: Items<Item>, context: ExecutionContext, observation: Observation) {
    this.#plan = plan;
    this.#source = isAsync(items) ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
    this.#scope = new CancelScope(context.scope);
    this.#context = context.within(this.#scope);
    this.#observation = observation;
    this.#free = plan.concurrency;
    this.#untie = this.#scope.onCancel((reason) => this.#fail(reason, 0));
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    return new Promise((resolve, reject) => {
      this.#readers.push({ resolve, reject });
      this.#turn();
    });
  }

  /** Aborts what is under way, waits until that has ended, and closes the source. */
  async return(): Promise<IteratorResult<unknown, undefined>> {
    if (this.#over) {
      this.#failure = undefined;
      return DONE;
    }
    const owing = this.#taking;
    this.#left = true;
    this.#slots.length = 0;
    const closing = this.#exhausted ? undefined : close(this.#source);
    this.#exhausted = true;
    this.#tell();
    this.#scope.cancel(new DOMException('whoever read the results of map has stopped', 'AbortError'));
    await new Promise((resolve) => {
      this.#readers.push({ resolve, reject: resolve });
      this.#turn();
    });
    // A source that still owes an item is closed after that one, which may be never.
    if (!owing) await closing;
    return DONE;
  }

  async throw(error: unknown): Promise<never> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Hands out what is ready and makes use of the room. */
  #turn(): void {
    while (this.#readers.length > 0 && this.#slots[0]?.settled === true) {
      this.#readers.shift()?.resolve({ done: false, value: this.#slots.shift()?.value });
      this.#free += 1;
    }
    if (!this.#exhausted) void this.#take();
    else if (this.#inFlight === 0 && this.#slots.length === 0) this.#end();
  }

  async #take(): Promise<void> {
    if (this.#taking) return;
    this.#taking = true;
    try {
      while (this.#free > 0 && !this.#exhausted) {
        const next = this.#source.next();
        const step = 'then' in next ? await untilCancelled(next, this.#scope) : next;
        if (this.#exhausted) break;
        if (step.done === true) this.#exhausted = true;
        else this.#start(step.value);
      }
    } catch (error) {
      // A source that throws has ended, and must not be closed on top.
      const cancelled = this.#scope.cancelled;
      this.#exhausted = true;
      if (!cancelled) this.#fail(error);
    }
    this.#taking = false;
    if (this.#exhausted) this.#turn();
  }

  #start(item: Item): void {
    const { primitive, settle, unordered } = this.#plan;
    const slot: Slot = { settled: false, value: undefined };
    if (!unordered) this.#slots.push(slot);
    this.#free -= 1;
    this.#inFlight += 1;
    this.#taken += 1;
    primitive.invoke(item, this.#context).then(
      (value) => this.#settle(slot, settle ? { status: 'fulfilled', value } : value),
      (reason: unknown) => {
        if (settle) this.#failed += 1;
        else this.#fail(reason);
        this.#settle(slot, { status: 'rejected', reason });
      },
    );
  }

  #settle(slot: Slot, value: unknown): void {
    this.#inFlight -= 1;
    slot.settled = true;
    slot.value = value;
    if (this.#plan.unordered && this.#failure === undefined && !this.#left) this.#slots.push(slot);
    this.#turn();
  }

  /** The first failure ends it all. What stood ready to be read before it still is, `keep` slots at most. */
  #fail(error: unknown, keep = this.#slots.length): void {
    if (this.#failure !== undefined || this.#left || this.#over) return;
    this.#failure = { error };
    const waiting = this.#slots.findIndex((slot) => !slot.settled);
    this.#slots.length = Math.min(keep, waiting < 0 ? this.#slots.length : waiting);
    if (!this.#exhausted) void closeQuietly(this.#source);
    this.#exhausted = true;
    this.#tell();
    this.#scope.cancel(error);
    this.#turn();
  }

  #end(): void {
    if (!this.#over) {
      this.#over = true;
      if (this.#failure === undefined && !this.#left) this.#tell();
      this.#untie();
      this.#scope.dispose();
    }
    for (const reader of this.#readers.splice(0)) {
      if (this.#failure === undefined || this.#left) reader.resolve(DONE);
      else reader.reject(this.#failure.error);
      this.#failure = undefined;
    }
  }

  #tell(): void {
    recordItems(this.#observation, this.#taken, this.#failed);
  }
}

/** A refusal to be closed is for the reader to see, where there is time to wait for it. */
function close(source: ItemIterator<unknown>): Promise<unknown> {
  const closing = (async () => source.return?.())();
  closing.catch(() => {});
  return closing;
}
