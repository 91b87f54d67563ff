/** A job as NATS delivers it to a worker. */
import type { QueuedJob } from '../job-queue.ts';
import { idOf } from './layout.ts';
import type { Msg } from './packages.ts';

export const HEADER = {
  replyTo: 'Tta-Reply-To',
  expiresInMs: 'Tta-Expires-In-Ms',
  why: 'Tta-Why',
  deliveries: 'Tta-Deliveries',
  sentAt: 'Tta-Sent-At',
} as const;

export interface Delivery {
  readonly job: QueuedJob;
  /** How often NATS has given it to a worker, this time included. */
  readonly count: number;
  /** When it was sent, by the server's clock, in milliseconds since the Unix epoch. */
  readonly sentAt: number;
  /** Where the server takes what becomes of it. */
  readonly ackSubject: string;
}

/** The longest text in a header, in characters. */
const MAX_TEXT = 4_000;

/** The acknowledgements of JetStream. */
export const ACK = { done: '+ACK', working: '+WPI', again: '-NAK' } as const;

/** `undefined` for a message that is no delivery: others can write to the subject on which deliveries come. Does not throw. */
export function readDelivery({ subject, reply = '', data, headers }: Msg): Delivery | undefined {
  // $JS.ACK.<stream>.<consumer>.<count>.<stream sequence>.<consumer sequence>.<time>.<pending>, and in newer servers two
  // more parts after `ACK`, for the domain and the account, and perhaps more at the end.
  const parts = reply.split('.');
  if (parts[1] !== 'ACK') return undefined;
  const [count = '', , , time = ''] = parts.slice(parts.length < 11 ? 4 : 6);
  if (!NUMBER.test(count) || !NUMBER.test(time)) return undefined;
  return {
    job: {
      id: idOf(subject.slice(subject.lastIndexOf('.') + 1)),
      replyTo: headers?.get(HEADER.replyTo) ?? '',
      body: data,
      expiresInMs: numberOf(headers?.get(HEADER.expiresInMs)),
    },
    count: Number(count),
    sentAt: Number(BigInt(time) / 1_000_000n),
    ackSubject: reply,
  };
}

const NUMBER = /^\d{1,20}$/;

/** The number that a header holds; `undefined` where it holds none. */
export function numberOf(text: string | undefined): number | undefined {
  return text === undefined || !/^\d{1,15}(?:\.\d+)?$/.test(text) ? undefined : Number(text);
}

/** Headers hold one line of ASCII. */
export const headerOf = (text: string): string => encodeURIComponent(text.slice(0, MAX_TEXT).toWellFormed());

/** The text that a header holds. */
export function textOf(header: string): string {
  try {
    return decodeURIComponent(header);
  } catch {
    return header;
  }
}
