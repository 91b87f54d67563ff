/** The answers of a live Prometheus to the queries of a panel, as frames. */
import type { Panel } from './dashboards.ts';
import { framesOf } from './frames.ts';
import { type Line, runTarget, type TimeWindow, waitForSeries } from './grafana.ts';

/**
 * Waits until every query has an answer, and then asks all of them for the same time.
 *
 * @param edit changes each series before it becomes a frame
 */
export async function liveFrames(
  url: string,
  { targets = [] }: Panel,
  window: TimeWindow,
  edit = (line: Line) => line,
): Promise<readonly object[]> {
  for (const target of targets) await waitForSeries(url, target, window);
  const shown = { until: Date.now() / 1_000, ...window };
  const frames: object[] = [];
  for (const target of targets) frames.push(...framesOf(target, (await runTarget(url, target, shown)).map(edit)));
  return frames;
}
