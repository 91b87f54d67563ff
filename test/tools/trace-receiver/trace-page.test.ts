import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ATTR } from '../../../src/telemetry/semconv.ts';
import { escapeHtml, formatDollars, formatDuration } from '../../../src/tools/trace-receiver/html.ts';
import type { Trace, TraceSpan } from '../../../src/tools/trace-receiver/trace.ts';
import { renderOneTrace, renderTracePage, TRACE_PAGE_POLICY } from '../../../src/tools/trace-receiver/trace-page.ts';

const HOSTILE = `<script>alert(1)</script>"'\`&<!--\u0000\u202e`;

function span(more: Partial<TraceSpan> = {}): TraceSpan {
  return {
    ...{ spanId: 'a', parentSpanId: null, name: 'root', startMs: 0, durationMs: 10 },
    ...{ status: 'unset', statusMessage: '', attributes: {} },
    ...more,
  };
}

function trace(spans: TraceSpan[], more: Partial<Trace> = {}): Trace {
  return {
    ...{ traceId: 'f'.repeat(32), name: 'root', service: 's', start: '2026-01-01T00:00:00.000Z' },
    ...{ startTimeUnixNano: '0', durationMs: 10, spanCount: spans.length, droppedSpans: 0, errors: 0, dollars: 0 },
    spans,
    ...more,
  };
}

const page = (...traces: Trace[]) => renderTracePage({ traces, received: 1, dropped: { traces: 0, spans: 0 } });

describe('the trace page', () => {
  it('shows each span with its depth, bar, duration, status and dollars', () => {
    const html = page(
      trace(
        [
          span(),
          span({
            spanId: 'b',
            parentSpanId: 'a',
            name: 'call',
            startMs: 2.5,
            durationMs: 5,
            attributes: { [ATTR.cost]: 0.0042 },
          }),
          span({ spanId: 'c', parentSpanId: 'b', name: 'broken', status: 'error', statusMessage: 'no luck' }),
          span({ spanId: 'd', parentSpanId: 'gone', name: 'lost' }),
        ],
        { errors: 1, dollars: 0.0042 },
      ),
    );
    expect(html).toMatch(/class="span d1"[^>]*><span class="name">call<\/span>/);
    expect(html).toMatch(/class="span d2"[^>]*><span class="name">✗ broken<\/span>.*no luck/);
    expect(html).toMatch(/class="span d0"[^>]*><span class="name">lost<\/span><i>parent not received<\/i>/);
    expect(html).toContain('x="25.00%" width="50.00%"');
    expect(html).toContain('5.0 ms');
    expect(html).toContain('$0.0042');
    expect(html).toContain('1 error');
  });

  it('shows the attributes that the library sets on spans', () => {
    const attributes = {
      [ATTR.primitiveType]: 'cache',
      [ATTR.cacheResult]: 'hit',
      [ATTR.routerRoute]: 'fast',
      [ATTR.genAiRequestModel]: 'offline-small',
    };
    const html = page(trace([span({ attributes })]));
    for (const word of Object.values(attributes)) expect(html).toContain(`<i>${word}</i>`);
    expect(page(trace([span({ attributes: { [ATTR.genAiOperation]: 'chat' } })]))).toContain('<tr class="llm">');
  });

  it('escapes every text of a span', () => {
    const hostile = span({
      name: HOSTILE,
      status: 'error',
      statusMessage: HOSTILE,
      attributes: { [ATTR.primitiveType]: HOSTILE, [ATTR.cacheResult]: `${HOSTILE}2` },
    });
    const hostileTrace = trace([hostile], { name: HOSTILE, service: HOSTILE });
    for (const html of [page(hostileTrace), renderOneTrace(hostileTrace)]) {
      expect(html).not.toMatch(/<script|<!--|\0|\u202e/);
      expect(html).toContain('&#60;script&#62;alert(1)');
    }
  });

  it('loads nothing from other servers, and its policy allows its own style sheet only', () => {
    const html = page(trace([span()]));
    expect(html).not.toMatch(/<script|\ssrc=|style="|https?:|url\(|@import/);
    const style = /<style>([\s\S]*)<\/style>/.exec(html)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(TRACE_PAGE_POLICY).toContain(`default-src 'none'; style-src 'sha256-${hash}'`);
  });

  it('stays small with many traces, and links to what it leaves out', () => {
    const spans = Array.from({ length: 5_000 }, (_, i) => span({ spanId: String(i), name: `span ${i}` }));
    const many = Array.from({ length: 200 }, () => trace(spans));
    const html = page(...many);
    expect(html.length).toBeLessThan(4_000_000);
    expect(html).toContain('4,800 more spans');
    expect(html).toContain('175 older traces');
    expect(renderOneTrace(trace(spans))).toContain('span 4999');
  });

  it('refreshes itself, but not with one trace', () => {
    expect(page()).toContain('http-equiv="refresh" content="5"');
    expect(page()).toContain('No trace yet');
    expect(renderOneTrace(trace([span()]))).not.toContain('http-equiv="refresh"');
  });

  it('draws a trace without any duration', () => {
    expect(page(trace([span({ durationMs: 0 })], { durationMs: 0 }))).not.toMatch(/NaN|Infinity/);
  });
});

describe('what the page prints', () => {
  it.each([
    [0.0004, '0 µs'],
    [0.412, '412 µs'],
    [38.24, '38.2 ms'],
    [412.4, '412 ms'],
    [1_240, '1.24 s'],
    [125_000, '2 m 05 s'],
  ])('%d ms as %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

  it.each([
    [0, '$0.00'],
    [0.00000123, '$0.0000012'],
    [0.0042, '$0.0042'],
    [0.25, '$0.2500'],
    [12.5, '$12.5000'],
  ])('%d dollars as %s', (dollars, text) => expect(formatDollars(dollars)).toBe(text));

  it('HTML characters as escapes', () => {
    expect(escapeHtml(`<a href='"&\`>\u0007`)).toBe('&#60;a href=&#39;&#34;&#38;&#96;&#62;\uFFFD');
  });
});
