import { isListening } from '../../platform/is-listening.ts';
import { startTraceReceiver } from '../trace-receiver/trace-receiver.ts';

export interface TraceTarget {
  /** Where spans shall go; `undefined` leaves it to the environment. */
  readonly endpoint?: string;
  /** Where traces can be looked at, if that is here. */
  readonly page?: string;
  /** Why they go there. */
  readonly why: string;
  close(): Promise<void>;
}

/** Where the environment sends spans, with or without `/v1/traces`; `undefined` where it does not say. */
export function collectorFrom(env: Readonly<Record<string, string | undefined>>): string | undefined {
  return env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT || undefined;
}

/** The collector of the environment, else what listens at the port already, else a receiver of our own there. */
export async function chooseTraceTarget(
  env: Readonly<Record<string, string | undefined>>,
  port: number,
): Promise<TraceTarget> {
  const close = async () => {};
  const off = env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || env.OTEL_TRACES_EXPORTER === 'none';
  if (off || collectorFrom(env) !== undefined) return { why: 'as the environment says', close };
  const there = { endpoint: `http://127.0.0.1:${port}`, why: 'something listens there already', close };
  if (port !== 0 && (await isListening(port))) return there;
  const receiver = await startTraceReceiver({ port }).catch((error: Error) => {
    // Somebody took it in between, or listens and does not answer.
    if ((error.cause as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE') return undefined;
    throw error;
  });
  if (receiver === undefined) return there;
  return { endpoint: receiver.url, page: receiver.url, why: 'open it in a browser', close: receiver.close };
}
