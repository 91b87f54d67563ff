/** A run's row of the list, from the spans that arrive. */
import type { RunStatus, RunSummary } from './run.ts';
import { type AttributeValue, endUs, type StudioSpan } from './span.ts';

const text = (value: AttributeValue | undefined) => (typeof value === 'string' && value !== '' ? value : null);
const number = (value: AttributeValue | undefined) =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
const plus = (one: number | null, other: number | null) => (other === null ? one : (one ?? 0) + other);

const OUTCOMES: readonly RunStatus[] = ['success', 'failure', 'timeout', 'cancelled', 'superseded', 'rejected'];

/** The row with further spans of its run. None of them may be counted already. */
export function summarise(
  previous: RunSummary | undefined,
  spans: readonly StudioSpan[],
  { arrival, change, receivedMs }: Pick<RunSummary, 'arrival' | 'change' | 'receivedMs'>,
): RunSummary {
  let row: RunSummary = previous ?? emptyRow(spans[0]?.traceId ?? '', arrival);
  for (const span of spans) row = withSpan(row, span);
  return { ...row, change, receivedMs };
}

function withSpan(row: RunSummary, span: StudioSpan): RunSummary {
  const { attributes } = span;
  const isRoot = span.parentSpanId === null;
  const workflow = text(attributes['gen_ai.workflow.name']);
  const isModelCall = attributes['gen_ai.operation.name'] === 'chat';
  const dollars = number(attributes['tta.llm.cost_usd']);
  const model = text(attributes['gen_ai.response.model']) ?? text(attributes['gen_ai.request.model']);
  const startUs = row.spans === 0 ? span.startUs : Math.min(row.startUs, span.startUs);
  const end = Math.max(row.spans === 0 ? 0 : row.startUs + row.durationUs, endUs(span));
  const outcome = OUTCOMES.find((each) => each === attributes['tta.outcome']);
  return {
    ...row,
    name: isRoot ? (workflow ?? span.name) : row.name === '' ? (workflow ?? span.name) : row.name,
    workflow: isRoot ? workflow : row.workflow,
    service: isRoot || row.service === '' ? span.service : row.service,
    kind: span.scope === 'tta-primitives' ? 'workflow' : isModelCall && row.kind === 'other' ? 'model' : row.kind,
    status: isRoot ? (outcome ?? (span.status === 'error' ? 'failure' : 'success')) : row.status,
    startUs,
    durationUs: Math.round(end - startUs),
    spans: row.spans + 1,
    errors: row.errors + (span.status === 'error' ? 1 : 0),
    modelCalls: row.modelCalls + (isModelCall ? 1 : 0),
    inputTokens: plus(row.inputTokens, number(attributes['gen_ai.usage.input_tokens'])),
    outputTokens: plus(row.outputTokens, number(attributes['gen_ai.usage.output_tokens'])),
    nanodollars: plus(row.nanodollars, dollars === null ? null : Math.round(dollars * 1e9)),
    unpricedCalls: row.unpricedCalls + (isModelCall && dollars === null ? 1 : 0),
    models: isModelCall && model !== null && !row.models.includes(model) ? [...row.models, model] : row.models,
    retries: row.retries + span.events.filter(({ name }) => name === 'tta.retry').length,
    cacheHits: row.cacheHits + (attributes['tta.cache.result'] === 'hit' ? 1 : 0),
    session: row.session ?? text(attributes['session.id']),
    correlation: row.correlation ?? text(attributes['tta.correlation.id']),
    tenant: row.tenant ?? text(attributes['tta.tenant']),
    failure: isRoot && span.status === 'error' ? span.statusMessage : row.failure,
  };
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
