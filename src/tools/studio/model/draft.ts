/** What a row keeps of spans while others may come. In which order they come makes no difference. */
import { cutText, lineOf } from './cut-text.ts';
import { causesSaid, errorLine } from './error.ts';
import { factsOf, type SpanFacts } from './facts.ts';
import { isLocalRoot } from './local-root.ts';
import { textOf } from './read.ts';
import type { DraftError, Earliest, Extent, Moment, RunDraft, Top } from './run.ts';
import { endUs, type StudioSpan } from './span.ts';
import { titleOf } from './title.ts';

const LONGEST_NAME = 200;
const LONGEST_VALUE = 200;
const LONGEST_LINE = 500;
const MOST_TEXTS = 32;
const MOST_ERRORS = 8;

/** From here on the top ends the run. */
export const ENDS = 2;
/** The root of the trace: nothing is around it. */
export const IS_ROOT = 3;

export const NO_DRAFT: RunDraft = { top: null, extent: null, workflow: null, texts: {}, errors: [], calls: [] };

export function withSpan(draft: RunDraft, span: StudioSpan): RunDraft {
  const facts = factsOf(span);
  return {
    top: topOf(draft.top, span, facts),
    extent: extentWith(draft.extent, span),
    workflow: facts.workflow === null ? draft.workflow : earlier(draft.workflow, at(span, facts.workflow)),
    texts: textsWith(draft.texts, span, facts),
    // What was given up because of a failure elsewhere has its error, and is not where it comes from.
    errors:
      facts.error === null || facts.outcome === 'superseded' ? draft.errors : errorsWith(draft.errors, span, facts),
    calls: draft.calls,
  };
}

const momentOf = ({ startUs, durationNs, spanId }: StudioSpan): Moment => ({ startUs, durationNs, spanId });
const at = (span: StudioSpan, value: string): Earliest => ({
  ...momentOf(span),
  value: cutText(value, LONGEST_VALUE),
});

/** Of two that begin together the longer one comes first: it may be around the other. */
const order = (one: Moment, other: Moment) =>
  one.startUs - other.startUs || other.durationNs - one.durationNs || (one.spanId < other.spanId ? -1 : 1);

function earlier(one: Earliest | null | undefined, other: Earliest): Earliest {
  if (one === null || one === undefined) return other;
  const first = order(other, one) < 0 ? other : one;
  if (one.value === other.value && one.varies !== true) return first;
  return first.varies === true ? first : { ...first, varies: true };
}

/**
 * The root of the trace; else the root of a process, whose parent is elsewhere and may never come; else the earliest
 * workflow; else the earliest span. The first two end the run.
 */
function topOf(top: Top | null, span: StudioSpan, facts: SpanFacts): Top | null {
  const rank = span.parentSpanId === null ? IS_ROOT : isLocalRoot(span) ? 2 : facts.workflow === null ? 0 : 1;
  if (top !== null && (rank - top.rank || order(top, span)) < 0) return top;
  return {
    ...momentOf(span),
    rank,
    name: lineOf(facts.workflow ?? (facts.isOurs ? facts.label : span.name), LONGEST_NAME),
    service: lineOf(span.service, LONGEST_NAME),
    outcome: facts.outcome,
    error: facts.error === null ? '' : lineOf(errorLine(facts.error), LONGEST_LINE),
  };
}

function extentWith(extent: Extent | null, span: StudioSpan): Extent {
  const lastUs = Math.ceil(endUs(span));
  if (extent === null) return { startUs: span.startUs, endUs: lastUs };
  return { startUs: Math.min(extent.startUs, span.startUs), endUs: Math.max(extent.endUs, lastUs) };
}

function textsWith(texts: RunDraft['texts'], span: StudioSpan, facts: SpanFacts): RunDraft['texts'] {
  const { session, correlation, tenant, tags } = facts;
  const given: [string, string | null][] = [
    ['session', session],
    ['correlation', correlation],
    ['tenant', tenant],
    ['workflow', textOf(span.attributes['tta.workflow.name'])],
  ];
  for (const key in tags) given.push([`tag.${lineOf(key, LONGEST_NAME)}`, tags[key] ?? null]);
  let changed: Record<string, Earliest> | undefined;
  for (const [key, value] of given) {
    if (value === null) continue;
    const next = earlier(texts[key], at(span, value));
    if (next === texts[key]) continue;
    changed ??= { ...texts };
    changed[key] = next;
  }
  return changed === undefined ? texts : bounded(changed);
}

/** The ids, and the first tags in the order of the alphabet. */
function bounded(texts: Record<string, Earliest>): RunDraft['texts'] {
  const keys = Object.keys(texts);
  if (keys.length <= MOST_TEXTS) return texts;
  for (const key of keys
    .filter((each) => each.startsWith('tag.'))
    .sort()
    .slice(MOST_TEXTS - 4))
    delete texts[key];
  return texts;
}

/** Of each error the timeout that made it, else what failed, else what was given up, and of these the last to begin; and of all errors the latest. */
function errorsWith(errors: readonly DraftError[], span: StudioSpan, facts: SpanFacts): readonly DraftError[] {
  const said = facts.error === null ? '' : errorLine(facts.error);
  const causes = facts.error === null ? '' : causesSaid(facts.error.causes, errorLine);
  const line = lineOf(`${titleOf(span)}: ${said}${causes}`, LONGEST_LINE);
  const rank = facts.type === 'timeout' && facts.outcome === 'timeout' ? 2 : facts.hasFailed ? 1 : 0;
  const own: DraftError = { ...momentOf(span), error: lineOf(said, LONGEST_LINE), line, rank };
  const known = errors.find(({ error }) => error === own.error);
  if (known !== undefined && (rank - known.rank || order(own, known)) < 0) return errors;
  return [...errors.filter((each) => each !== known), own]
    .sort((one, other) => order(other, one))
    .slice(0, MOST_ERRORS);
}
