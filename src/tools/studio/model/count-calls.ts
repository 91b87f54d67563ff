/** What a row has of model calls, each counted once, also when the spans of one call come apart. */
import { countsAsCall, isRequest, tellsUsage } from './calls.ts';
import { factsOf } from './facts.ts';
import { plus } from './read.ts';
import type { CallNote, CountedCall, RunSummary } from './run.ts';
import type { StudioSpan } from './span.ts';

type Totals = Pick<RunSummary, 'modelCalls' | 'inputTokens' | 'outputTokens' | 'nanodollars' | 'unpricedCalls'>;
type Changing<T> = { -readonly [Key in keyof T]: T[Key] };

/** Spans of one call come within seconds of one another, mostly in one batch. */
const MOST_NOTES = 48;

/**
 * Adds the calls among `spans`, and takes back those before them that turn out to be seen twice. A call only ever ceases to
 * count, so it makes no difference in which order they come.
 */
export function countCalls(
  row: Changing<Totals>,
  before: readonly CallNote[],
  spans: readonly StudioSpan[],
): readonly CallNote[] {
  const added = spans.filter((span) => factsOf(span).isModelCall || isRequest(span)).map(noteOf);
  if (added.length === 0) return before;
  const counts = counterOf([...before, ...added]);
  const known = before.map((note) => {
    if (!note.call?.isCounted || counts(note)) return note;
    takeBack(row, note.call);
    return { ...note, call: { ...note.call, isCounted: false } };
  });
  // After what is taken back: what is left of it is then known to be nothing.
  const fresh = added.map((note) => {
    if (note.call === null || !counts(note)) return note;
    add(row, note.call);
    return { ...note, call: { ...note.call, isCounted: true } };
  });
  return [...known, ...fresh].slice(-MOST_NOTES);
}

function noteOf(span: StudioSpan): CallNote {
  const { spanId, parentSpanId } = span;
  const { isModelCall, tokens, nanodollars } = factsOf(span);
  const usage = { inputTokens: tokens.input, outputTokens: tokens.output, nanodollars };
  return {
    spanId,
    parentSpanId,
    call: isModelCall ? { tellsUsage: tellsUsage(span), isCounted: false, ...usage } : null,
  };
}

/** Says of a call among these notes whether it counts. */
function counterOf(notes: readonly CallNote[]): (note: CallNote) => boolean {
  const byId = new Map(notes.map((note) => [note.spanId, note]));
  /** The call around it, with nothing but requests between them. */
  const around = (note: CallNote) => {
    let above = byId.get(note.parentSpanId ?? '');
    for (let steps = 0; above?.call === null; steps += 1) {
      // Spans that are each other's parents have no call around them.
      above = steps > notes.length ? undefined : byId.get(above.parentSpanId ?? '');
    }
    return above;
  };
  const below = new Map<CallNote, CallNote[]>();
  for (const note of notes) {
    const parent = note.call === null ? undefined : around(note);
    if (parent === undefined) continue;
    const siblings = below.get(parent);
    if (siblings === undefined) below.set(parent, [note]);
    else siblings.push(note);
  }
  const tells = ({ call }: CallNote) => call?.tellsUsage === true;
  return (note) => countsAsCall(note, tells, { parent: around(note), children: below.get(note) ?? [] });
}

function add(row: Changing<Totals>, { inputTokens, outputTokens, nanodollars }: CountedCall): void {
  row.modelCalls += 1;
  row.inputTokens = plus(row.inputTokens, inputTokens);
  row.outputTokens = plus(row.outputTokens, outputTokens);
  row.nanodollars = plus(row.nanodollars, nanodollars);
  if (nanodollars === null) row.unpricedCalls += 1;
}

function takeBack(row: Changing<Totals>, { inputTokens, outputTokens, nanodollars }: CountedCall): void {
  row.modelCalls -= 1;
  row.inputTokens = minus(row.inputTokens, inputTokens);
  row.outputTokens = minus(row.outputTokens, outputTokens);
  if (nanodollars === null) row.unpricedCalls -= 1;
  else row.nanodollars = row.modelCalls === row.unpricedCalls ? null : (row.nanodollars ?? 0) - nanodollars;
}

/** A sum of which nothing is left is not known. */
const minus = (sum: number | null, part: number | null): number | null => (sum ?? 0) - (part ?? 0) || null;
