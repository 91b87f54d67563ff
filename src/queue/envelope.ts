/**
 * What crosses the queue, as bytes: one line of JSON, the head, and then the input or the output as its codec wrote it.
 * Without a second line, the value is `undefined`. Nothing of it is trusted: what cannot be read is refused.
 *
 * Versions: every head has `v`, in all versions. A program reads its own version and older ones, and ignores fields that it
 * does not know, so a new field needs no new version. A worker leaves a newer job to a newer worker, and replies in the
 * version of the job, which its producer can read.
 */
import type { SizeLimit } from './codec.ts';
import { PayloadTooLargeError } from './errors.ts';
import {
  CONTROL,
  type ControlHead,
  JOB,
  type JobHead,
  MAX_HEAD_BYTES,
  REPLY,
  type ReplyHead,
  type Shapes,
  VERSION,
} from './heads.ts';
import { type Shape, shaped, whole } from './shape.ts';

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
