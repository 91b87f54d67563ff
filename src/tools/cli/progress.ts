import { type Clock, systemClock } from '../../platform/clock.ts';
import { bar, createLiveLine, type Screen } from './live-line.ts';

/** Shows how many parts of a run are finished. */
export function createProgress(screen: Screen, clock: Clock = systemClock) {
  const line = createLiveLine(screen, clock);
  return {
    update(done: number, total: number): void {
      const share = total === 0 ? 0 : done / total;
      line.show(`${done} of ${total} parts summarised`, { last: done >= total, bar: `${bar(share)} ` });
    },
    clear: line.clear,
  };
}
