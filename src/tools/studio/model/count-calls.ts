/** What a row has of model calls, each counted once, also when the spans of one call come apart. */
import { countsAsCall, tellsUsage } from './calls.ts';
import { factsOf } from './facts.ts';
import { plus } from './read.ts';
import type { CallNote, RunSummary } from './run.ts';
import type { StudioSpan } from './span.ts';

type Totals = Pick<RunSummary, 'modelCalls' | 'inputTokens' | 'outputTokens' | 'nanodollars' | 'unpricedCalls'>;
type Changing<T> = { -readonly [Key in keyof T]: T[Key] };

/** Spans of one call come within seconds of one another, mostly in one batch. */
const MOST_NOTES = 32;

/**
 * Adds the calls among `spans`, and takes back those before them that turn out to be seen twice. A call only ever ceases to
 * count, so it makes no difference in which order they come.
 */
export function countCalls(
  row: Changing<Totals>,
  before: readonly CallNote[],
  spans: readonly StudioSpan[],
): readonly CallNote[] {
  const added = spans.filter((span) => factsOf(span).isModelCall).map(noteOf);
  if (added.length === 0) return before;
  const all = [...before, ...added];
  const byId = new Map(all.map((note) => [note.spanId, note]));
  const byParent = groupedByParent(all);
  const counts = ({ isCounted, ...note }: CallNote) =>
    countsAsCall(note, (each) => each.tellsUsage, {
      parent: byId.get(note.parentSpanId ?? ''),
      children: byParent.get(note.spanId) ?? [],
    });
  // First what is taken back: what is left of it is then known to be nothing.
  const notes = all.map((note, i) => ({ ...note, isCounted: (i >= before.length || note.isCounted) && counts(note) }));
  for (const [i, note] of notes.entries()) if (before[i]?.isCounted && !note.isCounted) takeBack(row, note);
  for (const note of notes.slice(before.length)) if (note.isCounted) add(row, note);
  return notes.slice(-MOST_NOTES);
}

function noteOf(span: StudioSpan): CallNote {
  const { tokens, nanodollars } = factsOf(span);
  return {
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    tellsUsage: tellsUsage(span),
    isCounted: false,
    inputTokens: tokens.input,
    outputTokens: tokens.output,
    nanodollars,
  };
}

function groupedByParent(notes: readonly CallNote[]): ReadonlyMap<string | null, CallNote[]> {
  const groups = new Map<string | null, CallNote[]>();
  for (const note of notes) {
    const group = groups.get(note.parentSpanId);
    if (group === undefined) groups.set(note.parentSpanId, [note]);
    else group.push(note);
  }
  return groups;
}

function add(row: Changing<Totals>, { inputTokens, outputTokens, nanodollars }: CallNote): void {
  row.modelCalls += 1;
  row.inputTokens = plus(row.inputTokens, inputTokens);
  row.outputTokens = plus(row.outputTokens, outputTokens);
  row.nanodollars = plus(row.nanodollars, nanodollars);
  if (nanodollars === null) row.unpricedCalls += 1;
}

function takeBack(row: Changing<Totals>, { inputTokens, outputTokens, nanodollars }: CallNote): void {
  row.modelCalls -= 1;
  row.inputTokens = minus(row.inputTokens, inputTokens);
  row.outputTokens = minus(row.outputTokens, outputTokens);
  if (nanodollars === null) row.unpricedCalls -= 1;
  else row.nanodollars = row.modelCalls === row.unpricedCalls ? null : (row.nanodollars ?? 0) - nanodollars;
}

/** A sum of which nothing is left is not known. */
const minus = (sum: number | null, part: number | null): number | null => (sum ?? 0) - (part ?? 0) || null;
