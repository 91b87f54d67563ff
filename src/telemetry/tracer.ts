import { ProxyTracerProvider, type Tracer, type TracerProvider, trace } from '@opentelemetry/api';
import { guarded } from './guard.ts';
import { SCOPE } from './semconv.ts';

const NO_TRACER_PROVIDER = new ProxyTracerProvider().getDelegate();
let tracerProvider: TracerProvider | undefined;
let tracer: Tracer | undefined;

/**
 * The tracer of the provider registered now, `undefined` when there is none. The global provider is a proxy whose
 * delegate changes when an SDK arrives, and which is itself replaced when that SDK is taken away.
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
