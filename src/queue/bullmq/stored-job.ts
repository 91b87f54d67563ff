/** A job as Redis holds it. Nothing of it is trusted: all processes that reach Redis can write it. */

export interface StoredJob {
  readonly replyTo: string | undefined;
  readonly expiresInMs: number | undefined;
  readonly data: string | undefined;
  /** How many workers have had the job, and have gone. */
  readonly stalls: number;
  /** Why BullMQ has given up the job. */
  readonly givenUp: string | undefined;
  /** When it was accepted and when it is started now, in milliseconds since the Unix epoch, by the clock of Redis. */
  readonly acceptedAt: number | undefined;
  readonly now: number | undefined;
  readonly cancel: string | undefined;
  /** Whether a worker has done it, and replied, that had lost its lock. */
  readonly isDone: boolean;
}

export function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The options of a job of ours that are not BullMQ's: an inbox, and milliseconds. */
function ourOptions(text: unknown): Pick<StoredJob, 'replyTo' | 'expiresInMs'> {
  try {
    const { to, ttl } = JSON.parse(textOf(text) ?? '') as Readonly<Record<string, unknown>>;
    return { replyTo: textOf(to), expiresInMs: numberOf(ttl) };
  } catch {
    return { replyTo: undefined, expiresInMs: undefined };
  }
}

/** `fields` are names and values by turns. */
export function storedJob(fields: readonly unknown[]): StoredJob {
  const values = new Map<unknown, unknown>();
  for (let i = 0; i + 1 < fields.length; i += 2) values.set(fields[i], fields[i + 1]);
  return {
    ...ourOptions(values.get('opts')),
    data: textOf(values.get('data')),
    stalls: numberOf(values.get('stc')) ?? 0,
    givenUp: textOf(values.get('defa')),
    acceptedAt: numberOf(values.get('at')),
    now: numberOf(values.get('now')),
    cancel: textOf(values.get('cancel')),
    isDone: values.has('done'),
  };
}

/**
 * The same job for BullMQ, as fields. It parses more of what Redis holds than it needs, and stops where that is no JSON:
 * it gets none of it.
 */
export function forBullmq({ stalls, givenUp, acceptedAt = 0, isDone }: StoredJob, options: string): string[] {
  const fields = ['data', '{}', 'opts', options, 'timestamp', `${acceptedAt}`, 'stc', `${stalls}`];
  return givenUp === undefined || isDone ? fields : [...fields, 'defa', givenUp];
}
