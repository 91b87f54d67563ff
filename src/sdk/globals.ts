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
import { readProperty } from '../platform/read-property.ts';
import { SCOPE } from '../telemetry/semconv.ts';
import { besideOtherVersions } from './api-versions.ts';
import { warn } from './warn.ts';

const NO_TRACER_PROVIDER = new ProxyTracerProvider().getDelegate();
const PROBE = createContextKey('tta-primitives probe');

/** Call it before the other functions: they cannot see what an older version of the API has registered until then. */
export function joinOtherVersions(): void {
  besideOtherVersions(() => {
    // To register anything makes the API's object of this version.
    propagation.setGlobalPropagator({ inject: () => {}, extract: (active) => active, fields: () => [] });
    propagation.disable();
  });
}

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
  besideOtherVersions(() =>
    provider.register({
      ...(ownContext ? {} : { contextManager: null }),
      ...(ownPropagation ? {} : { propagator: null }),
    }),
  );
  const registered = trace.getTracerProvider();
  const delegate = readProperty(registered, 'getDelegate');
  const current = typeof delegate === 'function' ? delegate.call(registered) : registered;
  if (current !== provider) warnOfOtherApi('traces');
  if (ownContext && !hasContextManager()) warnOfOtherApi('context');
  return () => {
    trace.disable();
    if (ownContext) context.disable();
    if (ownPropagation) propagation.disable();
  };
}

/** Sets the global meter provider. Returns a function that unsets it. */
export function registerMetrics(provider: MeterProvider): () => void {
  besideOtherVersions(() => metrics.setGlobalMeterProvider(provider));
  if (metrics.getMeterProvider() !== provider) warnOfOtherApi('metrics');
  return () => metrics.disable();
}

function warnOfOtherApi(what: string): void {
  warn(
    `register has no effect on ${what}: this package does not see the provider that it has set, because another copy of ` +
      '@opentelemetry/api holds the globals. npm ls @opentelemetry/api shows the copies, npm dedupe leaves one',
  );
}
