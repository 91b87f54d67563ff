/** The heads of the messages of a queue, and what each of their fields must be. */
import type { Cancellation } from '../core/cancellation.ts';
import type { Tags } from '../core/workflow-context.ts';
import { anything, either, finite, flag, type Guard, maybe, oneOf, type Shape, tableOf, text, whole } from './shape.ts';
import {
  type AskedPlan,
  DOLLAR_AMOUNT,
  DOLLARS,
  type Dollars,
  PLAN,
  SPENT,
  type Spent,
  TOLD,
  type Told,
  USAGE,
} from './told.ts';

export const VERSION = 1;

/** The longest head, in bytes. */
export const MAX_HEAD_BYTES = 262_144;

/** The head of a job. */
export interface JobHead {
  readonly v: number;
  /** The name of the primitive: that of its export in the worker's module. */
  readonly name: string;
  readonly codec: string;
  /** Headers of the trace, and the ids of the run in its baggage: as `inject` writes them. */
  readonly carrier: Readonly<Record<string, string>>;
  readonly tenant?: string | undefined;
  readonly tags?: Tags | undefined;
  /** The name of the outermost workflow around the call. */
  readonly workflow?: string | undefined;
  /** The number of the try of the innermost retry around the call. */
  readonly attempt?: number | undefined;
  /** Whether each model call must be asked for: a budget is around the call. */
  readonly asks?: boolean | undefined;
  /** Whether the producer wants to know of each charge. */
  readonly charges?: boolean | undefined;
  /** Whether the producer must know of effects that no result tells of: the step of a saga is around the call. */
  readonly effects?: boolean | undefined;
}

/** What a worker sends. */
export type ReplyHead = {
  readonly v: number;
  /** Names the start of the job that it is of. */
  readonly run: string;
} & (
  | ({ readonly kind: 'output'; readonly codec: string } & Told)
  | ({ readonly kind: 'error'; readonly error: unknown } & Told)
  /** Money was spent. The messages of a run have numbers: one may come twice. */
  | ({ readonly kind: 'spent'; readonly n: number; readonly items: readonly Spent[] } & Dollars)
  /** This run was given to another worker when it may have had an effect. */
  | { readonly kind: 'interrupted' }
  /** Its time was over before a worker could begin it. */
  | { readonly kind: 'expired' }
  /** May a model call be made? The calls of a run have numbers. */
  | { readonly kind: 'ask'; readonly n: number; readonly plan: AskedPlan }
  /** What the call would cost: the answer to the question `q`. No `dollars`: it is unknown. */
  | { readonly kind: 'priced'; readonly n: number; readonly q: number; readonly dollars?: number | undefined }
);

/** What a producer sends to the worker that runs a job. */
export type ControlHead = { readonly v: number } & (
  | {
      readonly kind: 'cancel';
      /** What the cancellation makes of the work. */
      readonly outcome: Cancellation;
      readonly reason: unknown;
      /** Whether the caller waits still for what the work makes of it, until `give_up`. */
      readonly grace?: boolean | undefined;
    }
  | { readonly kind: 'give_up' }
  /** The answers to the ask `n` of a run; `wait`: there is none yet. */
  | { readonly kind: 'granted'; readonly run: string; readonly n: number }
  | { readonly kind: 'wait'; readonly run: string; readonly n: number }
  | { readonly kind: 'refused'; readonly run: string; readonly n: number; readonly error: unknown }
  /** What would the call of the ask `n` cost with this usage? */
  | {
      readonly kind: 'price';
      readonly run: string;
      readonly n: number;
      readonly q: number;
      readonly usage: readonly number[];
    }
);

const WORD = text(256);
const LONG = text(MAX_HEAD_BYTES);

export const JOB: Shape<JobHead> = {
  v: whole,
  name: LONG,
  codec: LONG,
  carrier: tableOf(LONG),
  tenant: maybe(LONG),
  tags: maybe(tableOf(either(either(LONG, finite), flag))),
  workflow: maybe(LONG),
  attempt: maybe(whole),
  asks: maybe(flag),
  charges: maybe(flag),
  effects: maybe(flag),
};

/** A shape for each kind of a head that has several. */
export type Shapes<Head extends { readonly kind: string }> = {
  readonly [K in Head['kind']]: Shape<Extract<Head, { readonly kind: K }>>;
};

export const REPLY: Shapes<ReplyHead> = {
  output: { v: whole, kind: oneOf('output'), run: WORD, codec: LONG, ...TOLD },
  error: { v: whole, kind: oneOf('error'), run: WORD, error: anything, ...TOLD },
  spent: { v: whole, kind: oneOf('spent'), run: WORD, n: whole, items: SPENT, ...DOLLARS },
  interrupted: { v: whole, kind: oneOf('interrupted'), run: WORD },
  expired: { v: whole, kind: oneOf('expired'), run: WORD },
  ask: { v: whole, kind: oneOf('ask'), run: WORD, n: whole, plan: PLAN },
  priced: { v: whole, kind: oneOf('priced'), run: WORD, n: whole, q: whole, dollars: maybe(DOLLAR_AMOUNT) },
};

const CANCELLATION: Guard<Cancellation> = oneOf('timeout', 'cancelled', 'superseded', 'rejected');

export const CONTROL: Shapes<ControlHead> = {
  cancel: { v: whole, kind: oneOf('cancel'), outcome: CANCELLATION, reason: anything, grace: maybe(flag) },
  give_up: { v: whole, kind: oneOf('give_up') },
  granted: { v: whole, kind: oneOf('granted'), run: WORD, n: whole },
  wait: { v: whole, kind: oneOf('wait'), run: WORD, n: whole },
  refused: { v: whole, kind: oneOf('refused'), run: WORD, n: whole, error: anything },
  price: { v: whole, kind: oneOf('price'), run: WORD, n: whole, q: whole, usage: USAGE },
};
