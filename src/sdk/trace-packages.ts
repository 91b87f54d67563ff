/** The 3.x SDK has no sdk-trace-node. Its packages are given the shape of that package here. */
import { context, propagation, trace } from '@opentelemetry/api';
import type * as Contexts from '@opentelemetry/context-async-hooks';
import type * as Core from '@opentelemetry/core';
import type * as Trace from '@opentelemetry/sdk-trace';
import type * as TraceNode from '@opentelemetry/sdk-trace-node';

/** What this package uses of sdk-trace-node. */
export type TracePackage = Pick<
  typeof TraceNode,
  | 'NodeTracerProvider'
  | 'SimpleSpanProcessor'
  | 'InMemorySpanExporter'
  | 'AlwaysOnSampler'
  | 'AlwaysOffSampler'
  | 'ParentBasedSampler'
  | 'TraceIdRatioBasedSampler'
>;

export function asTraceNode(
  sdk: typeof Trace,
  { CompositePropagator, W3CTraceContextPropagator, W3CBaggagePropagator }: typeof Core,
  { AsyncLocalStorageContextManager }: typeof Contexts,
): TracePackage {
  class NodeTracerProvider extends sdk.TracerProvider {
    register({ contextManager, propagator }: TraceNode.SDKRegistrationConfig = {}): void {
      trace.setGlobalTracerProvider(this);
      if (contextManager !== null) {
        context.setGlobalContextManager((contextManager ?? new AsyncLocalStorageContextManager()).enable());
      }
      if (propagator !== null) {
        const ofW3C = () =>
          new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] });
        propagation.setGlobalPropagator(propagator ?? ofW3C());
      }
    }
  }
  class SimpleSpanProcessor extends sdk.SimpleSpanProcessor {
    constructor(exporter: Trace.SpanExporter) {
      super({ exporter });
    }
  }
  return { ...sdk, NodeTracerProvider, SimpleSpanProcessor } as unknown as TracePackage;
}
