/** A run's row of the list, from the spans that arrive. */
import { countCalls } from './count-calls.ts';
import { cutText } from './cut-text.ts';
import { ENDS, IS_ROOT, NO_DRAFT, withSpan } from './draft.ts';
import { factsOf } from './facts.ts';
import type { RunDraft, RunStatus, RunSummary } from './run.ts';
import type { StudioSpan } from './span.ts';

const MOST_MODELS = 20;
const LONGEST_MODEL = 100;

/** The row with further spans of its run. None of them may be counted already. In which order they come makes no difference. */
export function summarise(
  previous: RunSummary | undefined,
  spans: readonly StudioSpan[],
  { arrival, change, receivedMs }: Pick<RunSummary, 'arrival' | 'change' | 'receivedMs'>,
): RunSummary {
  const row = { ...(previous ?? emptyRow(spans[0]?.traceId ?? '', arrival)) };
  // The row may have been kept by a Studio of another version, which noted less.
  let draft: RunDraft = { ...NO_DRAFT, ...previous?.draft };
  for (const span of spans) {
    count(row, span);
    draft = withSpan(draft, span);
  }
  draft = { ...draft, calls: countCalls(row, draft.calls, spans) };
  return { ...row, ...told(draft, row), change, receivedMs, draft };
}

type Counted = { -readonly [Key in keyof RunSummary]: RunSummary[Key] };

function count(row: Counted, span: StudioSpan): void {
  const { isOurs, isModelCall, hasFailed, model, retries, cache } = factsOf(span);
  row.spans += 1;
  if (hasFailed) row.errors += 1;
  row.retries += retries.length;
  if (cache === 'hit' || cache === 'stale') row.cacheHits += 1;
  if (isOurs) row.kind = 'workflow';
  else if (isModelCall && row.kind === 'other') row.kind = 'model';
  if (!isModelCall) return;
  const name = model === null ? null : cutText(model, LONGEST_MODEL);
  if (name !== null && !row.models.includes(name)) row.models = [...row.models, name].sort().slice(0, MOST_MODELS);
}

/** What the draft says of the run so far. */
function told(draft: RunDraft, row: RunSummary): Partial<RunSummary> {
  const { top, workflow, texts } = draft;
  const isOver = top !== null && top.rank >= ENDS;
  const status: RunStatus = isOver ? top.outcome : 'running';
  // A model call knows the outermost workflow while only inner ones have ended.
  const outermost = isOver ? workflow : (texts.workflow ?? workflow);
  const tags: Record<string, string> = Object.create(null);
  for (const [key, text] of Object.entries(texts)) {
    // What differs from span to span, such as the file of a part, says nothing of the run.
    if (key.startsWith('tag.') && (text.varies !== true || text.spanId === top?.spanId))
      tags[key.slice(4)] = text.value;
  }
  return {
    name: outermost?.value ?? top?.name ?? row.name,
    workflow: outermost?.value ?? null,
    service: top?.service ?? row.service,
    status,
    ...timesOf(draft),
    session: texts.session?.value ?? null,
    correlation: texts.correlation?.value ?? null,
    tenant: texts.tenant?.value ?? null,
    tags,
    failure: failureOf(draft, status),
  };
}

/**
 * The times of the root. Other spans can end after it, and those of other services can have another clock. While there is
 * no root, the times of all spans.
 */
function timesOf({ top, extent }: RunDraft): Pick<RunSummary, 'startUs' | 'durationUs'> {
  if (top?.rank === IS_ROOT) return { startUs: top.startUs, durationUs: Math.ceil(top.durationNs / 1_000) };
  return extent === null
    ? { startUs: 0, durationUs: 0 }
    : { startUs: extent.startUs, durationUs: extent.endUs - extent.startUs };
}

/** The innermost span that failed with the error of the run. */
function failureOf({ top, errors }: RunDraft, status: RunStatus): string | null {
  if (top === null || ['success', 'running', 'unfinished'].includes(status)) return null;
  return (
    errors.find(({ error }) => error === top.error)?.line ?? (top.error === '' ? top.name : `${top.name}: ${top.error}`)
  );
}

function emptyRow(traceId: string, arrival: number): RunSummary {
  return {
    traceId,
    arrival,
    change: 0,
    name: '',
    workflow: null,
    service: '',
    kind: 'other',
    status: 'running',
    startUs: 0,
    durationUs: 0,
    spans: 0,
    errors: 0,
    modelCalls: 0,
    inputTokens: null,
    outputTokens: null,
    nanodollars: null,
    unpricedCalls: 0,
    models: [],
    retries: 0,
    cacheHits: 0,
    session: null,
    correlation: null,
    tenant: null,
    tags: {},
    failure: null,
    droppedSpans: 0,
    receivedMs: 0,
  };
}
