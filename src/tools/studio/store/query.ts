/** What a query asks of the columns of a run, for both stores. */
import type { RunFilter, Sort } from '../model/filter.ts';
import type { RunSummary } from '../model/run.ts';
import { columnsOf, comparable, type Label, MODEL, type RunColumns, tagName } from './run-columns.ts';

/** A column and its bounds, both included. */
export interface Range {
  readonly column: keyof RunColumns;
  readonly least: number;
  readonly most: number;
}

export type TextColumn = 'workflow' | 'service' | 'session' | 'correlation' | 'tenant';
const TEXT_COLUMNS: readonly TextColumn[] = ['workflow', 'service', 'session', 'correlation', 'tenant'];

export const SORT_COLUMN: Readonly<Record<Exclude<Sort, 'newest'>, keyof RunColumns>> = {
  duration: 'durationUs',
  dollars: 'nanodollars',
  tokens: 'tokens',
  errors: 'errors',
};

export function equalsOf(filter: RunFilter): { column: TextColumn; value: string }[] {
  return TEXT_COLUMNS.flatMap((column) => {
    const value = filter[column];
    return value === undefined || value === '' ? [] : [{ column, value: comparable(value) }];
  });
}

/** Labels of a query beyond these are ignored: a database refuses a condition of a thousand parts. */
const MAX_LABELS = 100;

export function labelsIn({ model, tags = {} }: RunFilter): Label[] {
  const ofTags = Object.entries(tags).map(([key, value]) => ({ name: tagName(key), value }));
  const all = [...(model ? [{ name: MODEL, value: model }] : []), ...ofTags];
  return all.slice(0, MAX_LABELS).map(({ name, value }) => ({ name: comparable(name), value: comparable(value) }));
}

/** What is not known is in no range: it is neither little nor much. */
export function rangesOf(filter: RunFilter): Range[] {
  const { minDurationMs, maxDurationMs, minDollars, maxDollars, minTokens, maxTokens, fromMs, toMs } = filter;
  return [
    range('durationUs', minDurationMs, maxDurationMs, 1_000),
    range('nanodollars', minDollars, maxDollars, 1e9),
    range('tokens', minTokens, maxTokens, 1),
    range('startUs', fromMs, toMs, 1_000),
  ].flatMap((each) => each ?? []);
}

function range(column: keyof RunColumns, min: number | undefined, max: number | undefined, unit: number) {
  if (min === undefined && max === undefined) return undefined;
  const bound = (value: number) => Math.min(Math.max(Math.round(value * unit), -1), Number.MAX_SAFE_INTEGER);
  return { column, least: Math.max(bound(min ?? 0), 0), most: bound(max ?? Number.MAX_VALUE) };
}

/** Where a page ends: the value that it is sorted by, and the arrival. */
export interface Cursor {
  readonly value: number;
  readonly arrival: number;
}

export function positionOf(row: RunSummary, sort: Sort = 'newest'): Cursor {
  return {
    arrival: row.arrival,
    value: sort === 'newest' ? row.arrival : Number(columnsOf(row)[SORT_COLUMN[sort]]),
  };
}

/** By value, the largest first, then by arrival, the newest first. */
export function order(one: Cursor, other: Cursor): number {
  return other.value - one.value || other.arrival - one.arrival;
}

export function writeCursor({ value, arrival }: Cursor): string {
  return `${value}.${arrival}`;
}

/** `undefined` for what is no cursor: it can come from anywhere. */
export function readCursor(text: string | undefined): Cursor | undefined {
  const [, value, arrival] = /^(-?\d{1,16})\.(\d{1,16})$/.exec(text ?? '') ?? [];
  return value === undefined ? undefined : { value: Number(value), arrival: Number(arrival) };
}
