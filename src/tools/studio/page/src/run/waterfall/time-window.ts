/** The piece of time that a waterfall shows, in microseconds since the Unix epoch. */
export interface TimeWindow {
  readonly fromUs: number;
  readonly toUs: number;
}

/** Where a moment lies in the window: 0 is its left edge, 100 its right edge. */
export function percentOf(us: number, { fromUs, toUs }: TimeWindow): number {
  return ((us - fromUs) / Math.max(1, toUs - fromUs)) * 100;
}

/** A bar from a moment to another: cut at the edges of the window, `undefined` where it lies outside. */
export function barOf(startUs: number, endUs: number, window: TimeWindow): { left: number; width: number } | undefined {
  const left = Math.max(0, percentOf(startUs, window));
  const right = Math.min(100, percentOf(endUs, window));
  if (left > 100 || right < 0) return undefined;
  return { left, width: Math.max(0, right - left) };
}

/** Round distances from the start of the run, about `count` of them, in microseconds. */
export function ticksOf(window: TimeWindow, startUs: number, count: number): readonly number[] {
  const length = Math.max(1, window.toUs - window.fromUs);
  const step = roundStep(length / count);
  const first = Math.ceil((window.fromUs - startUs) / step) * step;
  const ticks: number[] = [];
  for (let at = first; at <= window.toUs - startUs && ticks.length < 100; at += step) ticks.push(at);
  return ticks;
}

const SECOND = 1e6;
/** Steps above one second are those of a clock. */
const CLOCK_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];

function roundStep(atLeast: number): number {
  if (atLeast > SECOND) {
    const step = CLOCK_STEPS.find((seconds) => seconds * SECOND >= atLeast);
    return step === undefined ? Math.ceil(atLeast / (86_400 * SECOND)) * 86_400 * SECOND : step * SECOND;
  }
  const power = 10 ** Math.floor(Math.log10(atLeast));
  return Math.max(1, [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= atLeast) ?? atLeast);
}
