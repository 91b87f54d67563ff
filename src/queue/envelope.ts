/**
 * What crosses the queue, as bytes: one line of JSON, the head, and then the input or the output as its codec wrote it.
 * Without a second line, the value is `undefined`. Nothing of it is trusted: what cannot be read is refused.
 *
 * Versions: every head has `v`, in all versions. A program reads its own version and older ones, and ignores fields that it
 * does not know, so a new field needs no new version. A worker leaves a newer job to a newer worker, and replies in the
 * version of the job, which its producer can read.
 */
import type { Cancellation } from '../core/cancellation.ts';
import type { Tags } from '../core/workflow-context.ts';
import type { SizeLimit } from './codec.ts';
import { PayloadTooLargeError } from './errors.ts';
import {
  anything,
  either,
  finite,
  flag,
  type Guard,
  maybe,
  oneOf,
  type Shape,
  shaped,
  tableOf,
  text,
  whole,
} from './shape.ts';
import { type AskedPlan, DOLLARS, type Dollars, PLAN, SPENT, type Spent, TOLD, type Told, USAGE } from './told.ts';

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
}

/** What a worker sends. */
export type ReplyHead = { readonly v: number /** Names the start that it is of. */; readonly run: string } & (
  | ({ readonly kind: 'output'; readonly codec: string } & Told)
  | ({ readonly kind: 'error'; readonly error: unknown } & Told)
  /** Money was spent. The messages of a run have numbers: one may come twice. */
  | ({ readonly kind: 'spent'; readonly n: number; readonly items: readonly Spent[] } & Dollars)
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

const JOB: Shape<JobHead> = {
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
};

/** A shape for each kind of a head that has several. */
type Shapes<Head extends { readonly kind: string }> = {
  readonly [K in Head['kind']]: Shape<Extract<Head, { readonly kind: K }>>;
};

const REPLY: Shapes<ReplyHead> = {
  output: { v: whole, kind: oneOf('output'), run: WORD, codec: LONG, ...TOLD },
  error: { v: whole, kind: oneOf('error'), run: WORD, error: anything, ...TOLD },
  spent: { v: whole, kind: oneOf('spent'), run: WORD, n: whole, items: SPENT, ...DOLLARS },
  ask: { v: whole, kind: oneOf('ask'), run: WORD, n: whole, plan: PLAN },
  priced: { v: whole, kind: oneOf('priced'), run: WORD, n: whole, q: whole, dollars: maybe(finite) },
};

const CANCELLATION: Guard<Cancellation> = oneOf('timeout', 'cancelled', 'superseded', 'rejected');

const CONTROL: Shapes<ControlHead> = {
  cancel: { v: whole, kind: oneOf('cancel'), outcome: CANCELLATION, reason: anything, grace: maybe(flag) },
  give_up: { v: whole, kind: oneOf('give_up') },
  granted: { v: whole, kind: oneOf('granted'), run: WORD, n: whole },
  wait: { v: whole, kind: oneOf('wait'), run: WORD, n: whole },
  refused: { v: whole, kind: oneOf('refused'), run: WORD, n: whole, error: anything },
  price: { v: whole, kind: oneOf('price'), run: WORD, n: whole, q: whole, usage: USAGE },
};

/** What was read. `why` contains nothing of the message. */
export type Received<Head> =
  | { readonly is: 'ok'; readonly head: Head; readonly payload: string | undefined }
  /** The sender's program is newer than this one. */
  | { readonly is: 'newer'; readonly version: number }
  | { readonly is: 'unreadable'; readonly why: string };

/** Why a message was not read, in words for an error. */
export function whyNot(received: Exclude<Received<unknown>, { readonly is: 'ok' }>): string {
  return received.is === 'newer'
    ? `its version is ${received.version}, and this program reads ${VERSION}`
    : received.why;
}

export function readJob(body: Uint8Array): Received<JobHead> {
  return read(body, () => JOB);
}

export function readReply(body: Uint8Array): Received<ReplyHead> {
  return read<ReplyHead>(body, (head) => byKind(REPLY, head));
}

export function readControl(body: Uint8Array): Received<ControlHead> {
  return read<ControlHead>(body, (head) => byKind(CONTROL, head));
}

/**
 * @throws RangeError when the head is too large
 * @throws PayloadTooLargeError when the whole is larger than the limit
 */
export function write(head: JobHead | ReplyHead | ControlHead, payload?: string, limit?: SizeLimit): Uint8Array {
  const line = Buffer.from(JSON.stringify(head, finiteOrText));
  if (line.length > MAX_HEAD_BYTES) {
    throw new RangeError(
      `what travels beside the value has ${line.length} bytes, and may have ${MAX_HEAD_BYTES}: the tags, the baggage or the names are too long`,
    );
  }
  const length = payload === undefined ? line.length : line.length + 1 + Buffer.byteLength(payload);
  if (limit !== undefined && length > limit.maxBytes) throw new PayloadTooLargeError(limit.what, limit.maxBytes);
  // Not of the pool that other parts of the program use too: an engine may send the whole of its memory.
  const body = Buffer.allocUnsafeSlow(length);
  line.copy(body);
  if (payload !== undefined) {
    body[line.length] = NEWLINE;
    body.write(payload, line.length + 1);
  }
  return body;
}

/** JSON has no NaN and no Infinity, which a tag may be. */
function finiteOrText(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

const NEWLINE = 10;

function read<Head extends { readonly v: number }>(
  body: Uint8Array,
  shapeOf: (head: unknown) => Shape<Head> | undefined,
): Received<Head> {
  const end = body.indexOf(NEWLINE);
  const headBytes = end < 0 ? body.length : end;
  if (headBytes > MAX_HEAD_BYTES) return unreadable(`its head has more than ${MAX_HEAD_BYTES} bytes`);
  const head = parsed(body.subarray(0, headBytes));
  const version = (head as Partial<JobHead> | null | undefined)?.v;
  if (!whole(version) || version < 1) return unreadable('it has no head with a version');
  if (version > VERSION) return { is: 'newer', version };
  const shape = shapeOf(head);
  if (shape === undefined) return unreadable('its kind is unknown');
  const fields = shaped(head, shape);
  if (typeof fields === 'string') return unreadable(`${fields} in its head is wrong`);
  if (end < 0) return { is: 'ok', head: fields, payload: undefined };
  const payload = decoded(body.subarray(end + 1));
  return payload === undefined ? unreadable('it is no text in UTF-8') : { is: 'ok', head: fields, payload };
}

function unreadable(why: string) {
  return { is: 'unreadable', why } as const;
}

function byKind<Head extends { readonly kind: string }>(shapes: Shapes<Head>, head: unknown): Shape<Head> | undefined {
  const { kind } = head as { readonly kind?: unknown };
  if (typeof kind !== 'string' || !Object.hasOwn(shapes, kind)) return undefined;
  return shapes[kind as Head['kind']] as unknown as Shape<Head>;
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoded(bytes) ?? '');
  } catch {
    return undefined;
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
