import { isListening } from '../../platform/is-listening.ts';
import { startStudio } from '../studio/studio.ts';

export interface TraceTarget {
  /** The OTLP endpoint for spans; `undefined` when the environment decides. */
  readonly endpoint?: string;
  /** The address of the trace page, when this process serves it. */
  readonly page?: string;
  /** Why this target was chosen, for the user. */
  readonly reason: string;
  close(): Promise<void>;
}

/** The OTLP endpoint in the environment variables, with or without `/v1/traces`; `undefined` when none is set. */
export function collectorFrom(env: Readonly<Record<string, string | undefined>>): string | undefined {
  return env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?.trim() || env.OTEL_EXPORTER_OTLP_ENDPOINT?.trim() || undefined;
}

/** The values of these variables are not case-sensitive. */
const is = (value: string | undefined, word: string) => value?.trim().toLowerCase() === word;

/**
 * Chooses the target of the spans: the collector in the environment variables; else the process that listens at the
 * port; else a new Studio at that port.
 */
export async function chooseTraceTarget(
  env: Readonly<Record<string, string | undefined>>,
  port: number,
): Promise<TraceTarget> {
  const close = async () => {};
  const off = is(env.OTEL_SDK_DISABLED, 'true') || is(env.OTEL_TRACES_EXPORTER, 'none');
  if (off || collectorFrom(env) !== undefined) return { reason: 'set by the environment', close };
  const existing = { endpoint: `http://127.0.0.1:${port}`, reason: 'another program listens there', close };
  if (port !== 0 && (await isListening(port))) return existing;
  const receiver = await startStudio({ port }).catch((error: Error) => {
    // Another program has taken the port since the check, or listens and does not answer.
    if ((error.cause as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE') return undefined;
    throw error;
  });
  if (receiver === undefined) return existing;
  return { endpoint: receiver.url, page: receiver.url, reason: 'open it in a browser', close: receiver.close };
}
