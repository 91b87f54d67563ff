import { CancelScope } from '../core/cancellation.ts';
import type { ExecutionContext } from '../core/context.ts';
import { untilCancelled } from '../core/until-cancelled.ts';
import { mapRecorder, type Observation } from '../telemetry/record/map.ts';
import { close, type ItemIterator, type Items, isAsync, type MapPlan } from './items.ts';
import {
  failureOf,
  failureRead,
  IDLE,
  itemSettled,
  itemTaken,
  type MapStreamState,
  type MapStreamStep,
  owesItem,
  readerLeft,
  resultAsked,
  resultRead,
  sourceExhausted,
  sourceFailed,
  streamFailed,
  wantsResults,
} from './map-stream-state.ts';
import { ResultQueue, type ResultSlot } from './result-queue.ts';

const record = mapRecorder();

interface Reader {
  readonly resolve: (result: IteratorResult<unknown, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/** The promise must be new each time: one for all would keep a reaction of every item. */
const never = () => new Promise<never>(() => {});

const DONE: IteratorResult<never, undefined> = Object.freeze({ done: true, value: undefined });

/**
 * Results that are made while they are read. The first read starts the work. Then items are taken while a slot is free,
 * also while a reader waits for the oldest result. A slow source does not delay results that are ready.
 *
 * `map-stream-state.ts` decides; this class asks the source, starts the work and answers the readers.
 */
export class MappedStream<Item> implements AsyncIterableIterator<unknown, undefined, undefined> {
  readonly #plan: MapPlan<Item>;
  readonly #source: ItemIterator<Item>;
  readonly #scope: CancelScope;
  readonly #context: ExecutionContext;
  readonly #observation: Observation;
  readonly #results: ResultQueue;
  readonly #readers: Reader[] = [];
  readonly #unlisten: () => void = () => {};
  #state: MapStreamState = IDLE;

  constructor(plan: MapPlan<Item>, items: Items<Item>, context: ExecutionContext, observation: Observation) {
    this.#plan = plan;
    this.#source = isAsync(items) ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
    this.#scope = new CancelScope(context.scope);
    this.#context = context.within(this.#scope);
    this.#observation = observation;
    this.#results = new ResultQueue(plan.unordered);
    // If the scope was cancelled while the source was opened, the listener runs at once, and the stream is over.
    this.#unlisten = this.#scope.onCancel((error) => this.#move(streamFailed(this.#state, { error }, 0)));
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    return new Promise((resolve, reject) => {
      this.#readers.push({ resolve, reject });
      this.#move(resultAsked(this.#state));
    });
  }

  /** Aborts the items that run, waits for their end, and closes the source. */
  async return(): Promise<IteratorResult<unknown, undefined>> {
    const owes = owesItem(this.#plan.concurrency, this.#state);
    const over = new Promise((resolve) => this.#readers.push({ resolve, reject: resolve }));
    const closing = this.#move(readerLeft(this.#state));
    await over;
    // A source that owes an item closes after it has given that item, which may never happen.
    if (!owes) await closing;
    return DONE;
  }

  async throw(error: unknown): Promise<never> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Sets the next state, does its actions and answers the readers. Returns the result of `#apply`. */
  #move(step: MapStreamStep): Promise<unknown> | undefined {
    const closing = this.#apply(step);
    this.#answer();
    return closing;
  }

  /** Sets the next state and does its actions. Returns the promise of the source's closing, if this step closes it. */
  #apply({ state, todo }: MapStreamStep): Promise<unknown> | undefined {
    this.#state = state;
    let closing: Promise<unknown> | undefined;
    for (const action of todo) {
      switch (action) {
        case 'pull':
          void this.#pull();
          break;
        case 'drop':
          this.#results.keep(state.unread);
          break;
        case 'close':
          closing = close(this.#source);
          break;
        case 'record':
          record.finished(this.#observation, state.items, state.failedItems);
          break;
        case 'abort':
          this.#scope.cancel(abortReason(state), failureOf(state) === undefined ? 'cancelled' : 'superseded');
          break;
        case 'end':
          this.#unlisten();
          this.#scope.dispose();
          break;
      }
    }
    return closing;
  }

  /** Gives the readers the results that are ready, and the end once the stream is over. */
  #answer(): void {
    for (let reader = this.#readers[0]; reader !== undefined; reader = this.#readers[0]) {
      const result = this.#results.shift();
      if (result === undefined && this.#state.phase !== 'over') {
        this.#showReader(this.#results.first);
        return;
      }
      this.#readers.shift();
      if (result !== undefined) {
        reader.resolve({ done: false, value: result.value });
        this.#apply(resultRead(this.#plan.concurrency, this.#state));
        continue;
      }
      const failure = failureOf(this.#state);
      this.#state = failureRead(this.#state);
      if (failure === undefined) reader.resolve(DONE);
      else reader.reject(failure.error);
    }
  }

  async #pull(): Promise<void> {
    try {
      for (;;) {
        const answer = this.#source.next();
        const item = 'then' in answer ? await untilCancelled(answer, this.#scope) : answer;
        if (item.done === true) {
          this.#move(sourceExhausted(this.#state));
          return;
        }
        const taken = itemTaken(this.#state);
        if (taken === undefined) return;
        this.#state = taken;
        this.#start(item.value);
        // The item may have ended the stream, or freed a slot; then another `#pull` already asks the source.
        if (!owesItem(this.#plan.concurrency, taken) || this.#state.phase !== 'running') return;
      }
    } catch (error) {
      this.#move(sourceFailed(this.#state, { error }, this.#results.ready));
    }
  }

  #start(item: Item): void {
    const { primitive, settle } = this.#plan;
    const slot = this.#results.reserve();
    slot.work = primitive.invoke(item, this.#context).then(
      (value) => {
        this.#settle(slot, settle ? { status: 'fulfilled', value } : value, false);
        return never();
      },
      (reason: unknown) => {
        if (!settle) this.#move(streamFailed(this.#state, { error: reason }, this.#results.ready));
        this.#settle(slot, { status: 'rejected', reason }, true);
        return never();
      },
    );
    this.#showReader(this.#results.first ?? slot);
  }

  /** V8 sees that the work on the item leads to the reader that waits: the stack of its error shows who reads. */
  #showReader(slot: ResultSlot | undefined): void {
    const reader = this.#readers[0];
    if (reader === undefined || slot?.work === undefined) return;
    void slot.work.then(reader.resolve);
    slot.work = undefined;
  }

  #settle(slot: ResultSlot, value: unknown, failed: boolean): void {
    if (wantsResults(this.#state)) this.#results.fill(slot, value);
    this.#move(itemSettled(this.#state, failed));
  }
}

function abortReason(state: MapStreamState): unknown {
  const failure = failureOf(state);
  if (failure !== undefined) return failure.error;
  return new DOMException('the reader of the results of map has stopped reading', 'AbortError');
}
