/** A dashboard as a page, every panel where the dashboard puts it. */
import type { Dashboard, Panel } from '../dashboards.ts';
import { ask, type Line, type Window } from '../grafana.ts';
import { escaped } from './format.ts';
import { drawn } from './panel.ts';
import { summary } from './summary.ts';

const COLUMN = 62;
const ROW = 36;
const GAP = 8;
export const WIDTH = 24 * COLUMN + GAP;

const STYLE = `
* { box-sizing: border-box; margin: 0 }
body { background: #111217; color: #ccccdc; font: 12px Inter, 'Liberation Sans', Arial, sans-serif; width: ${WIDTH}px }
header { padding: 14px 16px 8px; font-size: 18px } header small { color: #8e8e9b; font-size: 12px; margin-left: 12px }
main { position: relative } section, h2 { position: absolute }
h2 { font-size: 14px; font-weight: 500; padding-top: 9px }
section { background: #181b1f; border: 1px solid #23262c; border-radius: 3px; padding: 8px 10px; overflow: hidden }
h3 { font-size: 13px; font-weight: 500; height: 24px; white-space: nowrap }
svg { display: block } text { fill: #8e8e9b; font-size: 11px } .grid { stroke: #2c3038; stroke-width: 1 }
.legend { border-collapse: collapse; width: 100%; font-size: 11.5px } .legend tr { height: 17px }
.legend th { text-align: left; font-weight: 400; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; max-width: 0; width: 100% }
.legend td { text-align: right; padding-left: 14px; white-space: nowrap } .head td { color: #6e9fff }
.legend i { display: inline-block; width: 14px; height: 4px; border-radius: 2px; margin-right: 7px; vertical-align: middle }
.stat { float: left; height: 100%; position: relative; color: var(--c); text-align: center }
.stat b { font-size: 34px; font-weight: 500; display: block; padding-top: 10px } .stat small { color: #8e8e9b }
.spark { position: absolute; bottom: 26px; left: -58px } .spark text, .spark .grid { display: none }
.spark path { stroke: var(--c) } .spark path[fill-opacity] { fill: var(--c); stroke: none }
.bar { display: flex; align-items: center; gap: 10px } .bar span { width: 38%; text-align: right; white-space: nowrap; overflow: hidden }
.bar u { flex: 1; background: #22252b; height: 70%; text-decoration: none } .bar i { display: block; height: 100% }
.bar b { width: 70px; font-weight: 500 } p { color: #8e8e9b }
.summary { width: 100%; border-collapse: collapse } .summary td, .summary th { text-align: left; padding: 3px 8px; border-bottom: 1px solid #23262c; font-weight: 400 }
.summary th { color: #6e9fff }
`;

/** Where a panel's inside begins and how much room it has. */
function place({ gridPos: { x, y, w, h } }: Panel, heading: boolean): string {
  const tall = heading ? ROW : h * ROW - GAP;
  return `left:${x * COLUMN + GAP}px;top:${y * ROW}px;width:${w * COLUMN - GAP}px;height:${tall}px`;
}

function inside(panel: Panel, answers: readonly (readonly Line[])[], window: Window, now: number): string {
  const { w, h } = panel.gridPos;
  const box = { width: w * COLUMN - GAP - 22, height: h * ROW - GAP - 24 - 18 };
  return panel.type === 'table' ? summary(panel, answers) : drawn(panel, answers, box, window, now);
}

/** @param url of the Prometheus that is asked for every panel, as Grafana would ask it */
export async function page(
  url: string,
  dashboard: Dashboard,
  window: Window,
): Promise<{ html: string; height: number }> {
  const now = Date.now() / 1_000;
  // The list of alerts is Grafana's own knowledge: what is left after it would be an empty frame.
  const shown = dashboard.panels.filter((panel, index, all) => {
    const next = all[index + 1];
    return panel.type !== 'alertlist' && !(panel.type === 'row' && (next === undefined || next.type === 'alertlist'));
  });
  const parts = await Promise.all(
    shown.map(async (panel) => {
      const title = escaped(panel.title);
      if (panel.type === 'row') return `<h2 style="${place(panel, true)}">⌄ ${title}</h2>`;
      const answers = await Promise.all((panel.targets ?? []).map((target) => ask(url, target, window)));
      return `<section style="${place(panel, false)}"><h3>${title}</h3>${inside(panel, answers, window, now)}</section>`;
    }),
  );
  const height = 46 + ROW * Math.max(...shown.map(({ gridPos }) => gridPos.y + gridPos.h)) + GAP;
  const shownTime = `last ${Math.round(window.range / 60)} minutes, UTC`;
  return {
    height,
    html: `<!doctype html><meta charset="utf-8"><style>${STYLE}</style><header>${escaped(dashboard.title)}<small>${shownTime}</small></header><main style="height:${height - 46}px">${parts.join('')}</main>`,
  };
}
