import { formatDuration } from '../../format.ts';
import { percentOf, type TimeWindow, ticksOf } from './time-window.ts';

/** The time since the start of the run. */
export function Axis({ window, startUs }: { readonly window: TimeWindow; readonly startUs: number }) {
  return (
    <div class="axis" aria-hidden="true">
      {ticksOf(window, startUs, 6).map((at) => (
        <span key={at} style={{ left: `${percentOf(startUs + at, window)}%` }}>
          {at === 0 ? '0' : formatDuration(at)}
        </span>
      ))}
    </div>
  );
}
