/** A dead job for people: what its envelope says. Nothing of it is trusted. */
import { redact } from '../../platform/redact.ts';
import { readJob, whyNot } from '../../queue/envelope.ts';
import type { DeadJob } from '../../queue/index.ts';

export interface DescribedJob {
  readonly id: string;
  readonly why: string;
  /** The name of the export that it is for; `undefined` if it cannot be read. */
  readonly primitive: string | undefined;
  readonly starts: number;
  /** UTC, as in ISO 8601. */
  readonly sentAt: string | undefined;
  readonly diedAt: string | undefined;
  /** The size of the whole job, in bytes. */
  readonly bytes: number | undefined;
  readonly workflow?: string | undefined;
  readonly codec?: string | undefined;
  readonly trace?: string | undefined;
  /** Why the body cannot be read. */
  readonly unreadable?: string | undefined;
  /** As its codec wrote it. */
  readonly input?: string | undefined;
}

export function describeJob({ id, why, deliveries, sentAt, diedAt, body }: DeadJob): DescribedJob {
  const facts = {
    id,
    // It may have been an error of other code.
    why: redact(why),
    starts: deliveries,
    sentAt: dateText(sentAt),
    diedAt: dateText(diedAt),
    bytes: body?.length,
  };
  if (body === undefined) return { ...facts, primitive: undefined };
  const job = readJob(body);
  if (job.is !== 'ok') return { ...facts, primitive: undefined, unreadable: whyNot(job) };
  const { name, workflow, codec, carrier } = job.head;
  return { ...facts, primitive: name, workflow, codec, trace: carrier.traceparent?.split('-')[1], input: job.payload };
}

function dateText(ms: number | undefined): string | undefined {
  const date = new Date(ms ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
