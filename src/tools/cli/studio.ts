import { systemClock } from '../../platform/clock.ts';
import { startStudio } from '../studio/studio.ts';
import { print, printError } from './print.ts';
import { stopOnSignals } from './stop-on-signals.ts';

export interface StudioCommandOptions {
  readonly port: number;
}

const ONE_DAY_MS = 86_400_000;

/** `tta studio`: serves the page until a signal. */
export async function studioCommand({ port }: StudioCommandOptions): Promise<void> {
  const studio = await startStudio({ port });
  const stop = stopOnSignals();
  print(`Open ${studio.url} in a browser`);
  printError('Ctrl-C ends it');
  // The server itself does not keep the process alive.
  while (!stop.signal.aborted) await systemClock.sleep(ONE_DAY_MS, stop.signal).catch(() => {});
  await studio.close();
  await stop.endProcess();
}
