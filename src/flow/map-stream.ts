import { CancelScope, untilCancelled } from '../core/cancellation.ts';
import type { ExecutionContext } from '../core/context.ts';
import { type Observation, recordItems } from '../telemetry/record/map.ts';
import { close, type ItemIterator, type Items, isAsync, type MapPlan } from './items.ts';

/** A place for one result: taken when its item is started, given back when the result is read. */
interface Slot {
  settled: boolean;
  value: unknown;
}

interface Reader {
  readonly resolve: (result: IteratorResult<unknown, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/** Why no more items are taken: there are none, a failure, or a reader who has had enough. */
type Ending = { readonly how: 'exhausted' | 'left' } | { readonly how: 'failed'; readonly error: unknown };

const EXHAUSTED: Ending = { how: 'exhausted' };
const LEFT: Ending = { how: 'left' };
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
  #ending: Ending | undefined;
  #over = false;

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
    const owing = this.#taking;
    const closing = this.#ending === undefined ? close(this.#source) : undefined;
    this.#ending = LEFT;
    this.#slots.length = 0;
    if (this.#over) return DONE;
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
    if (this.#ending === undefined) void this.#take();
    else if (this.#inFlight === 0 && this.#slots.length === 0) this.#end();
  }

  async #take(): Promise<void> {
    if (this.#taking) return;
    this.#taking = true;
    try {
      while (this.#free > 0 && this.#ending === undefined) {
        const next = this.#source.next();
        const step = 'then' in next ? await untilCancelled(next, this.#scope) : next;
        if (this.#hasEnded()) break;
        if (step.done === true) this.#ending = EXHAUSTED;
        else this.#start(step.value);
      }
    } catch (error) {
      // A source that throws has ended, and must not be closed on top.
      this.#ending ??= EXHAUSTED;
      if (!this.#scope.cancelled) this.#fail(error);
    }
    this.#taking = false;
    if (this.#hasEnded()) this.#turn();
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
    if (this.#plan.unordered && this.#isSound()) this.#slots.push(slot);
    this.#turn();
  }

  /** The first failure ends it all. What stood ready to be read before it still is, `keep` slots at most. */
  #fail(error: unknown, keep = this.#slots.length): void {
    if (this.#over || !this.#isSound()) return;
    if (this.#ending === undefined) void close(this.#source);
    this.#ending = { how: 'failed', error };
    const waiting = this.#slots.findIndex((slot) => !slot.settled);
    this.#slots.length = Math.min(keep, waiting < 0 ? this.#slots.length : waiting);
    this.#tell();
    this.#scope.cancel(error);
    this.#turn();
  }

  #end(): void {
    if (!this.#over) {
      this.#over = true;
      if (this.#ending === EXHAUSTED) this.#tell();
      this.#untie();
      this.#scope.dispose();
    }
    for (const reader of this.#readers.splice(0)) {
      if (this.#ending?.how === 'failed') reader.reject(this.#ending.error);
      else reader.resolve(DONE);
      this.#ending = EXHAUSTED;
    }
  }

  /** Whether results are still wanted, and none has failed. */
  #isSound(): boolean {
    return this.#ending === undefined || this.#ending === EXHAUSTED;
  }

  /** A question of its own, for the compiler thinks that nothing has changed since it was last asked. */
  #hasEnded(): boolean {
    return this.#ending !== undefined;
  }

  #tell(): void {
    recordItems(this.#observation, this.#taken, this.#failed);
  }
}
