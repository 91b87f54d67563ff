/** Renders a dashboard as an HTML page with the layout of the dashboard. */
import type { Dashboard, Panel } from '../dashboards.ts';
import { type Line, runTarget, type TimeWindow } from '../grafana.ts';
import { escapeHtml } from './format.ts';
import { renderPanel } from './render-panel.ts';
import { renderTable } from './render-table.ts';

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
.renderTable { width: 100%; border-collapse: collapse } .renderTable td, .renderTable th { text-align: left; padding: 3px 8px; border-bottom: 1px solid #23262c; font-weight: 400 }
.renderTable th { color: #6e9fff }
`;

/** The position and size of a panel. */
function positionStyle({ gridPos: { x, y, w, h } }: Panel, heading: boolean): string {
  const tall = heading ? ROW : h * ROW - GAP;
  return `left:${x * COLUMN + GAP}px;top:${y * ROW}px;width:${w * COLUMN - GAP}px;height:${tall}px`;
}

function renderContent(panel: Panel, answers: readonly (readonly Line[])[], window: TimeWindow, now: number): string {
  const { w, h } = panel.gridPos;
  const box = { width: w * COLUMN - GAP - 22, height: h * ROW - GAP - 24 - 18 };
  return panel.type === 'table' ? renderTable(panel, answers) : renderPanel(panel, answers, box, window, now);
}

/** @param url the address of a Prometheus, to which the queries of every panel are sent */
export async function renderPage(
  url: string,
  dashboard: Dashboard,
  window: TimeWindow,
): Promise<{ html: string; height: number }> {
  const now = Date.now() / 1_000;
  // The list of alerts has no query, so that it and its row are left out.
  const shown = dashboard.panels.filter((panel, index, all) => {
    const next = all[index + 1];
    return panel.type !== 'alertlist' && !(panel.type === 'row' && (next === undefined || next.type === 'alertlist'));
  });
  const parts = await Promise.all(
    shown.map(async (panel) => {
      const title = escapeHtml(panel.title);
      if (panel.type === 'row') return `<h2 style="${positionStyle(panel, true)}">⌄ ${title}</h2>`;
      const answers = await Promise.all((panel.targets ?? []).map((target) => runTarget(url, target, window)));
      return `<section style="${positionStyle(panel, false)}"><h3>${title}</h3>${renderContent(panel, answers, window, now)}</section>`;
    }),
  );
  const height = 46 + ROW * Math.max(...shown.map(({ gridPos }) => gridPos.y + gridPos.h)) + GAP;
  const shownTime = `last ${Math.round(window.range / 60)} minutes, UTC`;
  return {
    height,
    html: `<!doctype html><meta charset="utf-8"><style>${STYLE}</style><header>${escapeHtml(dashboard.title)}<small>${shownTime}</small></header><main style="height:${height - 46}px">${parts.join('')}</main>`,
  };
}
