/** Spans for tests of the model. Times are in milliseconds after a fixed moment. */
import type { Attributes, SpanEvent, StudioSpan } from '../../../../src/tools/studio/model/span.ts';

export const START_US = 1_795_000_000_000_000;
export const TRACE = 'a'.repeat(32);

interface Given extends Partial<Omit<StudioSpan, 'spanId' | 'parentSpanId'>> {
  readonly id: string;
  readonly parent?: string | undefined;
  /** Milliseconds after the fixed moment. */
  readonly at?: number;
  /** Milliseconds. */
  readonly took?: number;
  /** `Type: message`: the span failed. */
  readonly failed?: string;
  /** The lines of the stack after the first; with them the span has the details of the error. */
  readonly stack?: string;
}

/** The id of 16 digits that stands for a short word. */
export const idOf = (word: string) => Buffer.from(word).toString('hex').padEnd(16, '0').slice(0, 16);

export function span({ id, parent, at = 0, took = 10, failed, stack, ...rest }: Given): StudioSpan {
  const [type = '', message = ''] = failed?.split(/: (.*)/s) ?? [];
  const exception: SpanEvent = {
    name: 'exception',
    atUs: START_US + Math.round((at + took) * 1_000),
    attributes: {
      'exception.type': type,
      'exception.message': message,
      'exception.stacktrace': `${type}: ${message}\n${stack}`,
    },
  };
  return {
    traceId: TRACE,
    spanId: idOf(id),
    parentSpanId: parent === undefined ? null : idOf(parent),
    name: id,
    kind: 'internal',
    service: 'shop',
    scope: '',
    startUs: START_US + Math.round(at * 1_000),
    startRestNs: 0,
    durationNs: Math.round(took * 1e6),
    status: failed === undefined ? 'unset' : 'error',
    statusMessage: message,
    links: [],
    resource: { 'service.name': 'shop' },
    cut: 0,
    ...rest,
    attributes: {
      ...(failed === undefined ? {} : { 'error.type': type, 'tta.outcome': 'failure' }),
      ...rest.attributes,
    },
    events: [...(rest.events ?? []), ...(stack === undefined ? [] : [exception])],
  };
}

/** A span of the library. */
export function primitive(type: string, name: string, given: Given): StudioSpan {
  const attributes: Attributes = { 'tta.primitive.type': type, 'tta.primitive.name': name, ...given.attributes };
  return span({ name: `${type} ${name}`, scope: 'tta-primitives', ...given, attributes });
}

export function chat(model: string, given: Given): StudioSpan {
  const attributes: Attributes = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.request.model': model,
    ...given.attributes,
  };
  return span({ name: `chat ${model}`, kind: 'client', ...given, attributes });
}

/** The event of a retry after attempt `attempt`, `at` milliseconds after the fixed moment. */
export function retryEvent(attempt: number, at: number, delayMs: number, failed?: string): SpanEvent {
  const [type = '', message = ''] = failed?.split(/: (.*)/s) ?? [];
  return {
    name: 'tta.retry',
    atUs: START_US + Math.round(at * 1_000),
    attributes: {
      'tta.retry.attempt': attempt,
      'tta.retry.delay_seconds': delayMs / 1_000,
      ...(failed === undefined ? {} : { 'error.type': type, 'exception.message': message }),
    },
  };
}
