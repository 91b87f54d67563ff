import { ProxyTracerProvider, type Tracer, type TracerProvider, trace } from '@opentelemetry/api';
import { guarded } from './guard.ts';
import { SCOPE } from './semconv.ts';

const NO_TRACER_PROVIDER = new ProxyTracerProvider().getDelegate();
let tracerProvider: TracerProvider | undefined;
let tracer: Tracer | undefined;

/**
 * The tracer of the registered provider, `undefined` when no provider is registered. The global provider is a proxy: its
 * delegate changes when an SDK is registered, and the proxy itself is replaced when that SDK is removed.
 */
export function currentTracer(): Tracer | undefined {
  const registered = trace.getTracerProvider();
  const provider = registered instanceof ProxyTracerProvider ? registered.getDelegate() : registered;
  if (provider !== tracerProvider) {
    tracerProvider = provider;
    tracer = undefined;
    if (provider === NO_TRACER_PROVIDER) return undefined;
    guarded('the tracer provider gives no tracer', () => {
      tracer = provider.getTracer(SCOPE);
    });
  }
  return tracer;
}
