/** The global providers of the OpenTelemetry API, which one SDK per process can set: check, set and unset them. */
import {
  context,
  createContextKey,
  createNoopMeter,
  type MeterProvider,
  metrics,
  ProxyTracerProvider,
  propagation,
  ROOT_CONTEXT,
  trace,
} from '@opentelemetry/api';
import type { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { SCOPE } from '../telemetry/semconv.ts';

const NO_TRACER_PROVIDER = new ProxyTracerProvider().getDelegate();
const PROBE = createContextKey('tta-primitives probe');

export function hasTracerProvider(): boolean {
  const registered = trace.getTracerProvider();
  return !(registered instanceof ProxyTracerProvider) || registered.getDelegate() !== NO_TRACER_PROVIDER;
}

export function hasMeterProvider(): boolean {
  return metrics.getMeterProvider().getMeter(SCOPE) !== createNoopMeter();
}

/** Sets a context and checks whether it is active. Without a context manager it is not. */
function hasContextManager(): boolean {
  return context.with(ROOT_CONTEXT.setValue(PROBE, true), () => context.active().getValue(PROBE) === true);
}

/** Sets the global tracer provider, and a missing context manager or propagator. Returns a function that unsets them. */
export function registerTraces(provider: NodeTracerProvider): () => void {
  const ownContext = !hasContextManager();
  const ownPropagation = propagation.fields().length === 0;
  provider.register({
    ...(ownContext ? {} : { contextManager: null }),
    ...(ownPropagation ? {} : { propagator: null }),
  });
  return () => {
    trace.disable();
    if (ownContext) context.disable();
    if (ownPropagation) propagation.disable();
  };
}

/** Sets the global meter provider. Returns a function that unsets it. */
export function registerMetrics(provider: MeterProvider): () => void {
  metrics.setGlobalMeterProvider(provider);
  return () => metrics.disable();
}
