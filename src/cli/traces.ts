import { isListening } from '../local/is-listening.ts';
import { startTraceReceiver } from '../local/trace-receiver.ts';

export interface TraceTarget {
  /** Where spans shall go; `undefined` leaves it to the environment. */
  readonly endpoint?: string;
  /** What the user should know about it. */
  readonly about: string;
  close(): Promise<void>;
}

/** The collector of the environment, else what listens at the port already, else a receiver of our own there. */
export async function chooseTraceTarget(
  env: Readonly<Record<string, string | undefined>>,
  port: number,
): Promise<TraceTarget> {
  const close = async () => {};
  const set = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (set) return { about: `${set} (from the environment)`, close };
  const local = `http://127.0.0.1:${port}`;
  if (port !== 0 && (await isListening(port))) {
    return { endpoint: local, about: `${local} (something listens there already)`, close };
  }
  const receiver = await startTraceReceiver({ port });
  return { endpoint: receiver.url, about: `${receiver.url} (open it in a browser)`, close: receiver.close };
}
