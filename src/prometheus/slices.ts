import { afterCallbacks } from '../platform/background.ts';
import { systemClock } from '../platform/clock.ts';

/** How long it works before other work has its turn, in milliseconds. */
const SLICE_MS = 4;

/** Does work that gives up the event loop between its parts, where that is due. */
export async function inSlices<T>(parts: Iterable<T>, take: (part: T) => void = () => {}): Promise<void> {
  let end = systemClock.now() + SLICE_MS;
  for (const part of parts) {
    take(part);
    if (systemClock.now() < end) continue;
    await new Promise<void>((resolve) => afterCallbacks(resolve));
    end = systemClock.now() + SLICE_MS;
  }
}
