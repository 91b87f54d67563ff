import { factsOf } from '../model/facts.ts';
import type { RunStatus, RunSummary } from '../model/run.ts';
import type { StudioSpan } from '../model/span.ts';

/** What lists are narrowed and sorted by. A number that is not known is -1, so that it comes last. */
export interface RunColumns {
  readonly change: number;
  readonly receivedMs: number;
  readonly status: string;
  readonly kind: string;
  readonly name: string;
  readonly workflow: string | null;
  readonly service: string;
  readonly session: string | null;
  readonly correlation: string | null;
  readonly tenant: string | null;
  readonly startUs: number;
  readonly durationUs: number;
  readonly nanodollars: number;
  readonly tokens: number;
  readonly errors: number;
}

/** A value of which a run can have several: a model, or the value of a tag, whose name is `tag.KEY`. */
export interface Label {
  readonly name: string;
  readonly value: string;
}

export const MODEL = 'model';
export const tagName = (key: string) => `tag.${key}`;

const MAX_TEXT = 1_000;
/** Of one run. */
export const MAX_LABELS = 1_000;
/** No span for so long: its program has ended without telling the end of the run. */
const UNFINISHED_MS = 10 * 60_000;

/** A text as it is compared, in lists and in filters: the drivers do not agree on NUL and on halves of characters. */
export function comparable(text: string): string {
  return text.slice(0, MAX_TEXT).replaceAll('\0', ' ').toWellFormed();
}

/** A number as both drivers keep it: whole, not negative, and exact. */
export function whole(value: number | null): number {
  if (value === null || Number.isNaN(value)) return -1;
  return Math.min(Math.max(Math.round(value), 0), Number.MAX_SAFE_INTEGER);
}

const textOrNull = (text: string | null) => (text === null ? null : comparable(text));

export function columnsOf(row: RunSummary): RunColumns {
  const { inputTokens, outputTokens } = row;
  return {
    change: row.change,
    receivedMs: whole(row.receivedMs),
    status: row.status,
    kind: row.kind,
    name: comparable(row.name),
    workflow: textOrNull(row.workflow),
    service: comparable(row.service),
    session: textOrNull(row.session),
    correlation: textOrNull(row.correlation),
    tenant: textOrNull(row.tenant),
    startUs: whole(row.startUs),
    durationUs: whole(row.durationUs),
    nanodollars: whole(row.nanodollars),
    tokens: whole(inputTokens === null && outputTokens === null ? null : (inputTokens ?? 0) + (outputTokens ?? 0)),
    errors: whole(row.errors),
  };
}

/** What a run can be found by: its models, and the tags of all its spans. Not bounded. */
export function labelsOf({ models, tags }: RunSummary, spans: readonly StudioSpan[]): Label[] {
  const ofModels = models.map((value) => ({ name: MODEL, value: comparable(value) }));
  const given = [tags, ...spans.map((span) => factsOf(span).tags)].flatMap((each) => Object.entries(each));
  const ofTags = new Map(given.map((tag) => [JSON.stringify(tag), tag]));
  return [
    ...ofModels,
    ...[...ofTags.values()].map(([key, value]) => ({ name: comparable(tagName(key)), value: comparable(value) })),
  ];
}

/** The oldest arrival of a last span, in milliseconds since the Unix epoch, with which a run is still under way. */
export function oldestRunningMs(nowMs: number): number {
  return nowMs - UNFINISHED_MS;
}

/** The row as a reader gets it now. */
export function asOf({ draft: _, ...row }: RunSummary, nowMs: number): RunSummary {
  return { ...row, status: statusOf(row, nowMs) };
}

/** The status as it is read now. */
export function statusOf({ status, receivedMs }: RunSummary, nowMs: number): RunStatus {
  return status === 'running' && receivedMs < oldestRunningMs(nowMs) ? 'unfinished' : status;
}
