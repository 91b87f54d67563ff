/**
 * The first SDK of a process is used. The API tells one that starts later nothing, and its owner finds an empty endpoint:
 * only the API's diagnostics get an error. So register listens to them, unless the program does.
 */
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { registeredFor } from './api-versions.ts';
import { warn } from './warn.ts';

const REFUSED = /duplicate registration of API: (?:trace|metrics)|Registration of version \S+ for (?:trace|metrics) /;

/** Warns of the first SDK that starts after this one. Returns a function that ends it. */
export function watchForLatecomers(): () => void {
  if (registeredFor('diag') !== undefined) return () => {};
  let warned = false;
  const ignore = () => {};
  const error = (message: string) => {
    if (warned || !REFUSED.test(message)) return;
    warned = true;
    warn(
      'Another OpenTelemetry SDK has started after register and gets nothing: the first SDK of a process is used. Start only ' +
        "one. If it is the other: leave out register, and give it the schema with views: [...ttaViews] of 'tta-primitives/views'. " +
        'Or start it before register: the spans of primitives then go to it, and with OTEL_METRICS_EXPORTER=none the metrics are ' +
        'at the endpoint of register.',
    );
  };
  const logger = { error, warn: ignore, info: ignore, debug: ignore, verbose: ignore };
  diag.setLogger(logger, { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true });
  const own = registeredFor('diag');
  return () => {
    // The program may have set a logger of its own since.
    if (registeredFor('diag') === own) diag.disable();
  };
}
