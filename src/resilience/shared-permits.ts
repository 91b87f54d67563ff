import type { ExecutionContext } from '../core/context.ts';
import type { Names } from '../core/names.ts';
import { uniqueId } from '../core/process-id.ts';
import { SharedState } from '../core/shared-state.ts';
import { untilCancelled } from '../core/until-cancelled.ts';
import type { Observation } from '../telemetry/record/shared-state.ts';
import { Permits } from './permits.ts';
import type { RateLimitAnswer, RateLimitReturn, RateLimitStore, SharedBucket } from './rate-limit-store.ts';
import { ReservedLine } from './reserved-line.ts';
import { bucketMeter } from './token-bucket.ts';

/** How often the store is told that this process uses the bucket, in milliseconds. */
const HEARTBEAT_MS = 1_000;

/**
 * What an execution gets: it may begin now or when `started` resolves to true, or is refused. `started` may resolve to false:
 * then it must ask again, as when the `permits` of `local`, where the store gives no answer, send it away.
 */
export type Turn =
  | { readonly kind: 'now' }
  | { readonly kind: 'wait'; readonly started: Promise<boolean> }
  | { readonly kind: 'refused'; readonly waitMs: number; readonly isFull: boolean }
  | { readonly kind: 'local'; readonly permits: Permits };

const NOW: Turn = { kind: 'now' };

/** The permits of a rate limit that several processes share, as one of them sees it. */
export class SharedPermits {
  readonly #store: RateLimitStore;
  readonly #bucket: SharedBucket;
  readonly #state: SharedState;
  readonly #line: ReservedLine;
  #asking = 0;
  #lastHeartbeat = Number.NEGATIVE_INFINITY;
  /** Two limits of one process have a share each. */
  readonly #id = uniqueId();
  #processes: number;
  #available: number;
  #answeredAt = 0;
  /** The share of this process, while the store gives no answers. */
  #local: Permits | undefined;

  constructor(store: RateLimitStore, bucket: SharedBucket, names: Names) {
    this.#store = store;
    this.#bucket = bucket;
    this.#state = new SharedState(store.timeoutMs, 'rate_limit', names);
    this.#processes = store.processes ?? 1;
    this.#available = bucket.burst;
    this.#line = new ReservedLine((permits) => this.#giveBack(permits));
  }

  /**
   * Asks the store for permits. Only so many executions may wait as the line has room for: those above that get what is
   * there, or are refused.
   */
  async take(
    weight: number,
    { longestMs, maxQueue }: { readonly longestMs: number; readonly maxQueue: number },
    context: ExecutionContext,
    observation: Observation,
  ): Promise<Turn> {
    for (;;) {
      const hasRoom = this.#line.waiting + this.#asking < maxQueue;
      const asked = this.#ask(weight, hasRoom ? longestMs : 0, context, observation);
      const turn = await untilCancelled(asked, context.scope);
      context.throwIfCancelled();
      if (turn.kind !== 'refused' || hasRoom || turn.waitMs > longestMs) return turn;
      if (this.#line.waiting + this.#asking >= maxQueue) return { ...turn, isFull: true };
    }
  }

  async #ask(weight: number, longestMs: number, context: ExecutionContext, observation: Observation): Promise<Turn> {
    const now = context.clock.now();
    const isDue = now - this.#lastHeartbeat >= HEARTBEAT_MS;
    if (isDue) this.#lastHeartbeat = now;
    const request = {
      ...this.#bucket,
      weight,
      longestMs: longestMs === Number.POSITIVE_INFINITY ? undefined : longestMs,
      process: isDue ? this.#id : undefined,
    };
    const onLate = ({ granted, readyAt, epoch = 0 }: RateLimitAnswer) => {
      if (granted) this.#giveBack({ weight, readyAt, epoch });
    };
    const call = async () => checked(await this.#store.take(request));
    this.#asking += 1;
    const given = await this.#state.ask({ context, observation, call, onLate });
    this.#asking -= 1;
    if (given === undefined) return { kind: 'local', permits: this.#share(context.clock.now()) };
    this.#local?.dismiss();
    this.#local = undefined;
    return this.#turn(weight, given.answer, context);
  }

  /** The execution joins the line here, where answers come in the order of the questions, whatever awaits this. */
  #turn(weight: number, answer: RateLimitAnswer, context: ExecutionContext): Turn {
    const { granted, waitMs, readyAt, available, processes, epoch = 0 } = answer;
    this.#line.keepOnly(epoch);
    this.#available = available;
    this.#answeredAt = context.clock.now();
    this.#processes = processes ?? this.#processes;
    if (!granted) return { kind: 'refused', waitMs, isFull: false };
    if (context.cancelled) this.#giveBack({ weight, readyAt, epoch });
    if (context.cancelled || (waitMs === 0 && this.#line.waiting === 0)) return NOW;
    const started = this.#line.wait({ weight, at: context.clock.now() + waitMs, readyAt, epoch }, context);
    // Who is cancelled meanwhile does not wait for it.
    started.catch(() => {});
    return { kind: 'wait', started };
  }

  /**
   * The limit divided by the processes that were last known, with their part of what was last in the bucket. Where the bucket
   * was below 0, those who wait have permits still, and the share begins when they have started.
   */
  #share(now: number): Permits {
    if (this.#local === undefined) {
      const { permits, perMs, burst } = this.#bucket;
      const n = this.#processes;
      const flowedIn = ((now - this.#answeredAt) * permits) / perMs;
      const available = (this.#available < 0 ? Math.min(0, this.#available + flowedIn) : this.#available) / n;
      this.#local = new Permits(bucketMeter({ permits: permits / n, perMs, burst: burst / n }, { available, at: now }));
    }
    return this.#local;
  }

  #giveBack({ weight, readyAt, epoch }: Pick<RateLimitReturn, 'weight' | 'readyAt' | 'epoch'>): void {
    const lost = () => {};
    try {
      const answer = this.#store.giveBack({ ...this.#bucket, weight, readyAt, epoch });
      Promise.resolve(answer).catch(lost);
    } catch {
      // Permits that are lost make the limit no larger.
    }
  }
}

function checked(answer: RateLimitAnswer): RateLimitAnswer {
  const { granted, waitMs, readyAt, available, processes = 1, epoch = 0 } = answer;
  const numbers = [waitMs, readyAt, available, processes, epoch];
  if (typeof granted === 'boolean' && numbers.every(Number.isFinite) && waitMs >= 0 && processes >= 1) return answer;
  throw new TypeError('take must give granted, waitMs, readyAt, available and processes');
}
