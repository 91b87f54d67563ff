import { createHash } from 'node:crypto';
import { escapeHtml, formatDollars, formatDuration } from './html.ts';
import { costOf, type Trace, type TraceSpan } from './trace.ts';
import { DEEPEST_INDENT, TRACE_PAGE_STYLE } from './trace-page-style.ts';
import type { Dropped } from './trace-store.ts';
import { type TreeRow, toTreeRows } from './trace-tree.ts';

export interface TracePageInput {
  /** Newest first. */
  readonly traces: readonly Trace[];
  readonly received: number;
  readonly dropped: Dropped;
}

/** A page that refreshes itself has to stay light: the rest is a click away. */
const TRACES_SHOWN = 25;
const TRACES_OPEN = 3;
const ROWS_SHOWN = 200;
const REFRESH = '<meta http-equiv="refresh" content="5">';

/** Only the page's own style sheet may act: no script, no image, no frame, no form, whatever a span's name says. */
export const TRACE_PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(TRACE_PAGE_STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** The newest traces, as a page that needs neither scripts nor anything from elsewhere. */
export function renderTracePage({ traces, received, dropped }: TracePageInput): string {
  const dollars = traces.reduce((sum, trace) => sum + trace.dollars, 0);
  const lost = dropped.spans > 0 ? figure(dropped.spans, 'spans dropped') : '';
  const shown = traces.slice(0, TRACES_SHOWN).map((trace, at) => renderTrace(trace, at < TRACES_OPEN, ROWS_SHOWN));
  const more = traces.length - shown.length;
  const rest = more > 0 ? `<p class="soft">${count(more, 'older trace')} in <a href="/traces">/traces</a></p>` : '';
  const empty = '<p class="empty">No trace yet. Spans sent to <code>/v1/traces</code> appear here.</p>';
  const figures = `${figure(traces.length, 'traces')}${figure(received, 'spans')}${figure(formatDollars(dollars), 'spent')}${lost}`;
  return frame(`<h1>Traces</h1>${figures}`, `${shown.join('\n') || empty}${rest}`, REFRESH);
}

/** One trace with all its spans. It stands still, so that it can be read. */
export function renderOneTrace(trace: Trace): string {
  const json = `<a href="/traces/${trace.traceId}">JSON</a>`;
  return frame(
    `<h1><a href="/">Traces</a></h1><span class="soft">${trace.traceId} ${json}</span>`,
    renderTrace(trace, true),
  );
}

function frame(header: string, main: string, meta = ''): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Traces</title>
<meta name="viewport" content="width=device-width,initial-scale=1">${meta}
<style>${TRACE_PAGE_STYLE}</style></head><body>
<header>${header}</header>
<main>${main}</main></body></html>
`;
}

function renderTrace(trace: Trace, open: boolean, most = Infinity): string {
  const page = `/view/${trace.traceId}`;
  const rows = toTreeRows(trace.spans);
  const hidden = rows.length - most;
  const more = hidden > 0 ? `<div class="more"><a href="${page}">${count(hidden, 'more span')}</a></div>` : '';
  const errors = trace.errors > 0 ? `<span class="pill bad">${count(trace.errors, 'error')}</span>` : '';
  const table = rows.slice(0, most).map((row) => renderRow(row, trace.durationMs));
  return `<details${open ? ' open' : ''}><summary><a class="name" href="${page}">${escapeHtml(trace.name)}</a>${errors}
<span class="pill">${escapeHtml(trace.service)}</span><span class="soft">${trace.start.slice(11, 23)} UTC</span>
<span class="soft">${count(trace.spanCount, 'span')}</span><b>${formatDuration(trace.durationMs)}</b><b>${formatDollars(trace.dollars)}</b></summary>
<table>${table.join('\n')}</table>${more}</details>`;
}

function renderRow({ span, depth, orphan }: TreeRow, totalMs: number): string {
  const failed = span.status === 'error';
  const cost = costOf(span);
  const why = failed && span.statusMessage ? `<span class="why">${escapeHtml(span.statusMessage)}</span>` : '';
  const alone = orphan ? '<i>parent not received</i>' : '';
  const mark = failed ? '✗ ' : '';
  return `<tr class="${hue(span)}${failed ? ' failed' : ''}"><td><span class="span d${Math.min(depth, DEEPEST_INDENT)}" title="${escapeHtml(`${span.name} ${span.statusMessage}`)}"><span class="name">${mark}${escapeHtml(span.name)}</span>${details(span)}${alone}${why}</span></td>
<td class="bar">${bar(span, totalMs)}</td><td class="number">${formatDuration(span.durationMs)}</td><td class="number">${cost > 0 ? formatDollars(cost) : ''}</td></tr>`;
}

/** Geometry as attributes of SVG, since the policy allows no style attribute. */
function bar({ startMs, durationMs }: TraceSpan, totalMs: number): string {
  const percent = (ms: number) => (totalMs > 0 ? Math.min(100, (ms / totalMs) * 100) : 0);
  const width = Math.max(0.6, percent(durationMs));
  const left = Math.min(percent(startMs), 100 - width);
  return `<svg><rect class="track" width="100%" height="100%" rx="3"/><rect class="is" x="${left.toFixed(2)}%" width="${width.toFixed(2)}%" height="100%" rx="3"/></svg>`;
}

/** What a reader of the tree wants to know beside the name, where the span says it. */
const DETAILS = ['tta.primitive.type', 'gen_ai.request.model', 'tta.cache.result', 'tta.router.route'];

function details({ name, attributes }: TraceSpan): string {
  return DETAILS.map((key) => attributes[key])
    .filter((value) => typeof value === 'string' && !name.includes(value))
    .map((value) => `<i>${escapeHtml(String(value))}</i>`)
    .join('');
}

const HUES: Readonly<Record<string, string>> = { llm: 'llm', cache: 'cache' };
const FLOW = new Set(['sequential', 'parallel', 'conditional', 'switch', 'router', 'workflow', 'map', 'loop', 'saga']);

function hue({ attributes }: TraceSpan): string {
  const type = String(attributes['tta.primitive.type'] ?? '');
  if ('gen_ai.operation.name' in attributes) return 'llm';
  return FLOW.has(type) ? 'flow' : Object.hasOwn(HUES, type) ? (HUES[type] ?? '') : '';
}

function figure(value: number | string, word: string): string {
  return `<span class="figure"><b>${typeof value === 'number' ? value.toLocaleString('en') : value}</b> ${word}</span>`;
}

function count(amount: number, word: string): string {
  return `${amount.toLocaleString('en')} ${word}${amount === 1 ? '' : 's'}`;
}
