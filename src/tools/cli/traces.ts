import { systemClock } from '../../platform/clock.ts';
import { startTraceReceiver } from '../trace-receiver/trace-receiver.ts';
import { print, printError, setVariable } from './print.ts';
import { stopOnSignals } from './stop-on-signals.ts';

export interface TracesCommandOptions {
  readonly port: number;
}

const ONE_DAY_MS = 86_400_000;
/** The port that a program sends its spans to where nothing else is said. */
const USUAL_PORT = '4318';

/** `tta traces`: serves the trace page until a signal. Only what a shell can read goes to stdout. */
export async function tracesCommand({ port }: TracesCommandOptions): Promise<void> {
  const receiver = await startTraceReceiver({ port });
  const stop = stopOnSignals();
  if (new URL(receiver.url).port !== USUAL_PORT) print(setVariable('OTEL_EXPORTER_OTLP_ENDPOINT', receiver.url));
  printError(`Open ${receiver.url} in a browser. It shows the last traces that programs of this machine send there.`);
  printError('Ctrl-C ends it');
  // The server itself does not keep the process alive.
  while (!stop.signal.aborted) await systemClock.sleep(ONE_DAY_MS, stop.signal).catch(() => {});
  await receiver.close();
  await stop.endProcess();
}
