import { createHash } from 'node:crypto';
import { formatDollars, formatDuration, shortHtml } from './html.ts';
import { costOf, type Trace, type TraceSpan } from './trace.ts';
import { MAX_INDENT, TRACE_PAGE_STYLE } from './trace-page-style.ts';
import type { DroppedCounts } from './trace-store.ts';
import { type TreeRow, toTreeRows } from './trace-tree.ts';

export interface TracePageInput {
  /** Newest first. */
  readonly traces: readonly Trace[];
  /** The number of received spans. */
  readonly received: number;
  readonly dropped: DroppedCounts;
}

/** The page refreshes itself, so it must be small. It links to the traces and rows that it leaves out. */
const MAX_TRACES = 25;
const OPEN_TRACES = 3;
const MAX_ROWS = 200;
const REFRESH = '<meta http-equiv="refresh" content="5">';

/** Allows the style sheet of this page only. A span name with HTML cannot load a script, an image, a frame or a form. */
export const TRACE_PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(TRACE_PAGE_STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** A page with the newest traces. It has no script and loads nothing from other servers. */
export function renderTracePage({ traces, received, dropped }: TracePageInput): string {
  const dollars = traces.reduce((sum, trace) => sum + trace.dollars, 0);
  const droppedSpans = dropped.spans > 0 ? total(dropped.spans, 'spans dropped') : '';
  const shown = traces.slice(0, MAX_TRACES).map((trace, at) => renderTrace(trace, at < OPEN_TRACES, MAX_ROWS));
  const hidden = traces.length - shown.length;
  const link = hidden > 0 ? `<p class="soft">${count(hidden, 'older trace')} in <a href="/traces">/traces</a></p>` : '';
  const empty = '<p class="empty">No trace yet. Spans sent to <code>/v1/traces</code> appear here.</p>';
  const totals = `${total(traces.length, 'traces')}${total(received, 'spans')}${total(formatDollars(dollars), 'spent')}${droppedSpans}`;
  return htmlPage(`<h1>Traces</h1>${totals}`, `${shown.join('\n') || empty}${link}`, REFRESH);
}

/** A page with one trace and all its spans. It does not refresh itself. */
export function renderOneTrace(trace: Trace): string {
  const json = `<a href="/traces/${trace.traceId}">JSON</a>`;
  return htmlPage(
    `<h1><a href="/">Traces</a></h1><span class="soft">${trace.traceId} ${json}</span>`,
    renderTrace(trace, true),
  );
}

function htmlPage(header: string, main: string, meta = ''): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Traces</title>
<meta name="viewport" content="width=device-width,initial-scale=1">${meta}
<style>${TRACE_PAGE_STYLE}</style></head><body>
<header>${header}</header>
<main>${main}</main></body></html>
`;
}

function renderTrace(trace: Trace, open: boolean, maxRows = Infinity): string {
  const page = `/view/${trace.traceId}`;
  const rows = toTreeRows(trace.spans);
  const hidden = rows.length - maxRows;
  const more = hidden > 0 ? `<div class="more"><a href="${page}">${count(hidden, 'more span')}</a></div>` : '';
  const errors = trace.errors > 0 ? `<span class="pill bad">${count(trace.errors, 'error')}</span>` : '';
  const table = rows.slice(0, maxRows).map((row) => renderRow(row, trace.durationMs));
  return `<details${open ? ' open' : ''}><summary><a class="name" href="${page}">${shortHtml(trace.name)}</a>${errors}
<span class="pill">${shortHtml(trace.service)}</span><span class="soft">${trace.start.slice(11, 23)} UTC</span>
<span class="soft">${count(trace.spanCount, 'span')}</span><b>${formatDuration(trace.durationMs)}</b><b>${formatDollars(trace.dollars)}</b></summary>
<table>${table.join('\n')}</table>${more}</details>`;
}

function renderRow({ span, depth, orphan }: TreeRow, totalMs: number): string {
  const failed = span.status === 'error';
  const cost = costOf(span);
  const message = failed && span.statusMessage ? `<span class="why">${shortHtml(span.statusMessage)}</span>` : '';
  const orphanNote = orphan ? '<i>parent not received</i>' : '';
  const mark = failed ? '✗ ' : '';
  return `<tr class="${colourClass(span)}${failed ? ' failed' : ''}"><td><span class="span d${Math.min(depth, MAX_INDENT)}" title="${shortHtml(`${span.name} ${span.statusMessage}`, 1_024)}"><span class="name">${mark}${shortHtml(span.name)}</span>${details(span)}${orphanNote}${message}</span></td>
<td class="bar">${bar(span, totalMs)}</td><td class="number">${formatDuration(span.durationMs)}</td><td class="number">${cost > 0 ? formatDollars(cost) : ''}</td></tr>`;
}

/** Positions are SVG attributes, because the policy forbids style attributes. */
function bar({ startMs, durationMs }: TraceSpan, totalMs: number): string {
  const percent = (ms: number) => (totalMs > 0 ? Math.min(100, (ms / totalMs) * 100) : 0);
  const width = Math.max(0.6, percent(durationMs));
  const left = Math.min(percent(startMs), 100 - width);
  return `<svg><rect class="track" width="100%" height="100%" rx="3"/><rect class="is" x="${left.toFixed(2)}%" width="${width.toFixed(2)}%" height="100%" rx="3"/></svg>`;
}

/** The attributes that are shown after the name of a span, if the span has them. */
const DETAILS = ['tta.primitive.type', 'gen_ai.request.model', 'tta.cache.result', 'tta.router.route'];

function details({ name, attributes }: TraceSpan): string {
  return DETAILS.map((key) => attributes[key])
    .map(textOf)
    .filter((value) => value !== '' && !name.includes(value))
    .map((value) => `<i>${shortHtml(value)}</i>`)
    .join('');
}

/** A value that is no text is not shown: an object from elsewhere may not even be convertible. */
const textOf = (value: unknown) => (typeof value === 'string' ? value : '');

const TYPE_COLOURS: Readonly<Record<string, string>> = { llm: 'llm', cache: 'cache' };
const FLOW_TYPES = new Set([
  'sequential',
  'parallel',
  'conditional',
  'switch',
  'router',
  'workflow',
  'map',
  'loop',
  'saga',
]);

function colourClass({ attributes }: TraceSpan): string {
  const type = textOf(attributes['tta.primitive.type']);
  if ('gen_ai.operation.name' in attributes) return 'llm';
  return FLOW_TYPES.has(type) ? 'flow' : Object.hasOwn(TYPE_COLOURS, type) ? (TYPE_COLOURS[type] ?? '') : '';
}

function total(value: number | string, word: string): string {
  return `<span class="total"><b>${typeof value === 'number' ? value.toLocaleString('en') : value}</b> ${word}</span>`;
}

function count(amount: number, word: string): string {
  return `${amount.toLocaleString('en')} ${word}${amount === 1 ? '' : 's'}`;
}
