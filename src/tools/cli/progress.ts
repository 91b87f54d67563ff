import { type Clock, systemClock } from '../../platform/clock.ts';
import { bar, createLiveLine, type Screen } from './live-line.ts';

/** How far a run is. */
export function createProgress(screen: Screen, clock: Clock = systemClock) {
  const line = createLiveLine(screen, clock);
  return {
    update(done: number, of: number): void {
      const share = of === 0 ? 0 : done / of;
      line.show(`${done} of ${of} parts summarised`, { last: done >= of, bar: `${bar(share)} ` });
    },
    clear: line.clear,
  };
}
