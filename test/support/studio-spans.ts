/** Made-up spans for the tests of Studio: as the store has them, and as OTLP. */
import { randomBytes } from 'node:crypto';
import type { AttributeValue, StudioSpan } from '../../src/tools/studio/model/span.ts';

export interface SpanShape extends Partial<Omit<StudioSpan, 'durationNs'>> {
  /** @default 100 */
  readonly durationMs?: number;
}

export const newTraceId = () => randomBytes(16).toString('hex');
export const newSpanId = () => randomBytes(8).toString('hex');

/** A span that ended now, the root of a trace of its own, unless the shape says something else. */
export function span({ durationMs = 100, ...shape }: SpanShape = {}): StudioSpan {
  return {
    traceId: newTraceId(),
    spanId: newSpanId(),
    parentSpanId: null,
    name: 'work',
    kind: 'internal',
    service: 'test',
    scope: 'tta-primitives',
    startUs: Math.round((Date.now() - durationMs) * 1_000),
    startRestNs: 0,
    durationNs: Math.round(durationMs * 1e6),
    status: 'unset',
    statusMessage: '',
    attributes: {},
    events: [],
    links: [],
    resource: {},
    cut: 0,
    ...shape,
  };
}

/** The root of a run: a workflow of ours. */
export function workflowSpan(workflow: string, { attributes = {}, ...shape }: SpanShape = {}): StudioSpan {
  const outcome = shape.status === 'error' ? 'failure' : 'success';
  const own = { 'gen_ai.operation.name': 'invoke_workflow', 'gen_ai.workflow.name': workflow, 'tta.outcome': outcome };
  return span({ name: `invoke_workflow ${workflow}`, ...shape, attributes: { ...own, ...attributes } });
}

const KINDS = ['internal', 'server', 'client', 'producer', 'consumer'];
const STATUSES = ['unset', 'ok', 'error'];

/** The body of a request to `/v1/traces` in JSON. Spans of the same service need not stand together. */
export function traceRequest(spans: readonly StudioSpan[]): unknown {
  return {
    resourceSpans: spans.map((each) => ({
      resource: { attributes: keyValues({ 'service.name': each.service, ...each.resource }) },
      scopeSpans: [{ scope: { name: each.scope }, spans: [otlpSpan(each)] }],
    })),
  };
}

function otlpSpan(given: StudioSpan) {
  const start = BigInt(given.startUs) * 1_000n + BigInt(given.startRestNs);
  return {
    traceId: given.traceId,
    spanId: given.spanId,
    ...(given.parentSpanId === null ? {} : { parentSpanId: given.parentSpanId }),
    name: given.name,
    kind: KINDS.indexOf(given.kind) + 1,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + BigInt(given.durationNs)),
    status: { code: STATUSES.indexOf(given.status), message: given.statusMessage },
    attributes: keyValues(given.attributes),
    events: given.events.map(({ name, atUs, attributes }) => ({
      name,
      timeUnixNano: String(BigInt(Math.round(atUs)) * 1_000n),
      attributes: keyValues(attributes),
    })),
    links: given.links,
  };
}

function keyValues(attributes: Readonly<Record<string, AttributeValue>>) {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: AttributeValue): unknown {
  if (value === null) return {};
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  return { kvlistValue: { values: keyValues(value) } };
}
