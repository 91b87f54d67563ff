/** The names of a queue in NATS. A job has a subject of its own: it is found, and removed, by its id. */

const NS_PER_MS = 1_000_000;
export const nanos = (ms: number): number => Math.ceil(ms) * NS_PER_MS;

/** The characters that a part of a subject, and the name of a stream, may have in any version of NATS. */
export const SAFE_NAME = /^[\w-]{1,100}$/;
export const SAFE_PREFIX = /^\w{1,100}$/;

/** The id as one part of a subject. */
export function tokenOf(id: string): string {
  return SAFE_NAME.test(id) ? id : `=${Buffer.from(id).toString('base64url')}`;
}

export function idOf(token: string): string {
  return token.startsWith('=') ? Buffer.from(token.slice(1), 'base64url').toString() : token;
}

export type Layout = ReturnType<typeof layoutOf>;

/** @param prefix without `-`, which ends it in the names of streams */
export function layoutOf(prefix: string, queueName: string) {
  const root = `${prefix}.${queueName}`;
  const one = (kind: string) => (id: string) => `${root}.${kind}.${tokenOf(id)}`;
  return {
    root,
    /** Jobs that wait and that run. */
    jobs: `${prefix}-jobs-${queueName}`,
    /** Replies that were not read yet, and cancellations of jobs that may run. */
    replies: `${prefix}-replies-${queueName}`,
    dead: `${prefix}-dead-${queueName}`,
    /** Which deliveries of a job count as no try. */
    notes: `${prefix}-notes-${queueName}`,
    consumer: 'workers',
    job: one('job'),
    everyJob: `${root}.job.*`,
    deadJob: one('dead'),
    cancel: (id: string) => `${one('to')(id)}.cancel`,
    tell: (id: string) => `${one('to')(id)}.tell`,
    /** Asks whether a worker runs the job. */
    ask: (id: string) => `${one('to')(id)}.ask`,
    /** All messages to a job that runs. */
    toJob: (id: string) => `${one('to')(id)}.*`,
    reply: (inbox: string, id: string) => `${root}.reply.${inbox}.${tokenOf(id)}`,
    everyReply: (inbox: string) => `${root}.reply.${inbox}.*`,
    /** What a note says is in the subject: lists of subjects are cheap. */
    note: (id: string, at: number | '*', free: number | '*', until: number | '*') =>
      `${one('held')(id)}.${at}.${free}.${until}`,
    everyNote: `${root}.held.*.*.*.*`,
  };
}
