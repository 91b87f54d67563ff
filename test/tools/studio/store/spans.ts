/** Spans for the tests of the stores. */
import { createHash } from 'node:crypto';
import type { StudioSpan } from '../../../../src/tools/studio/model/span.ts';

const hex = (text: string, digits: number) => createHash('sha256').update(text).digest('hex').slice(0, digits);

export const traceIdOf = (run: string) => hex(run, 32);
export const spanIdOf = (name: string) => hex(name, 16);

type Partly = Partial<StudioSpan> & { readonly id?: string };

/** A span of a run; its `id` and that of the run are any words. */
export function span(run: string, { id = 'root', ...others }: Partly = {}): StudioSpan {
  return {
    traceId: traceIdOf(run),
    spanId: spanIdOf(id),
    parentSpanId: null,
    name: 'answer',
    kind: 'internal',
    service: 'shop',
    scope: 'tta-primitives',
    startUs: 1_700_000_000_000_000,
    startRestNs: 0,
    durationNs: 5_000_000,
    status: 'unset',
    statusMessage: '',
    attributes: {},
    events: [],
    links: [],
    resource: { 'service.name': 'shop' },
    cut: 0,
    ...others,
  };
}

/** The root of a workflow. */
export function root(run: string, { attributes = {}, ...others }: Partly = {}): StudioSpan {
  return span(run, {
    attributes: { 'gen_ai.workflow.name': 'digest', 'tta.outcome': 'success', ...attributes },
    ...others,
  });
}

/** A call of a model below the root. */
export function modelCall(run: string, { attributes = {}, ...others }: Partly = {}): StudioSpan {
  return span(run, {
    id: 'call',
    parentSpanId: spanIdOf('root'),
    name: 'chat gpt-4o',
    attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-4o', ...attributes },
    ...others,
  });
}
