import { formatDuration } from '../../format.ts';
import { percentOf, type TimeWindow, ticksOf } from './time-window.ts';

export const AXIS_HEIGHT = 26;

/** The time since the start of the run. It stands in the scroller, so that it is as wide as the rows. */
export function Axis({ window, startUs }: { readonly window: TimeWindow; readonly startUs: number }) {
  return (
    <div class="axis" aria-hidden="true">
      <div class="axis-ticks">
        {ticksOf(window, startUs, 6).map((at) => (
          <span key={at} style={{ left: `${percentOf(startUs + at, window)}%` }}>
            {at === 0 ? '0' : formatDuration(at)}
          </span>
        ))}
      </div>
    </div>
  );
}
