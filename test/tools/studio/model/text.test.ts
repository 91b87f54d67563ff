import { describe, expect, it } from 'vitest';
import { toOtlp } from '../../../../src/tools/studio/model/otlp.ts';
import type { StudioSpan } from '../../../../src/tools/studio/model/span.ts';
import { summarise } from '../../../../src/tools/studio/model/summarise.ts';
import { runAsText, spanAsText, type TextOptions } from '../../../../src/tools/studio/model/text.ts';
import { treeOf } from '../../../../src/tools/studio/model/tree.ts';
import { readTraceRequest } from '../../../../src/tools/studio/receive/read-request.ts';
import { chat, primitive, retryEvent, TRACE } from './spans.ts';

const message = (role: string, content: string) => JSON.stringify([{ role, parts: [{ type: 'text', content }] }]);
const run = [
  primitive('retry', 'again', {
    id: 'r',
    took: 100,
    events: [retryEvent(1, 30, 20, 'RateLimitError: slow down')],
    attributes: { 'tta.retry.attempts': 2, 'gen_ai.workflow.name': 'ask' },
  }),
  chat('big', {
    id: 'one',
    parent: 'r',
    took: 30,
    failed: 'RateLimitError: slow down',
    stack: '    at x\nCaused by: Error: 429',
  }),
  chat('big', {
    id: 'two',
    parent: 'r',
    at: 50,
    took: 50,
    attributes: {
      'gen_ai.usage.input_tokens': 12,
      'gen_ai.usage.output_tokens': 3,
      'tta.llm.cost_usd': 0.00042,
      'gen_ai.input.messages': message('user', 'a secret question'),
      'gen_ai.output.messages': message('assistant', 'a secret answer'),
    },
  }),
];
const asText = (spans: readonly StudioSpan[], options?: TextOptions) =>
  runAsText(summarise(undefined, spans, { arrival: 1, change: 1, receivedMs: 0 }), treeOf(spans), options);
const spanText = (span: StudioSpan, options?: TextOptions) => spanAsText(treeOf([span]).roots[0] as never, options);

describe('a run as text', () => {
  it('tells what a reader of an issue asks for', () => {
    expect(asText(run)).toBe(`Run ask ${TRACE}: success, 100 ms
Started 2026-11-18T11:06:40.000Z, service shop
3 spans, 1 failed, 2 model calls, 12 tokens in, 3 tokens out, $0.00042, 1 of unknown dollars
The run worked, although 1 call failed: retry again absorbed it by trying again.

retry again: success, 100 ms, 2 attempts
  chat big: failure, 30 ms, dollars unknown (not told), RateLimitError: slow down, caused by Error: 429
  chat big: success, 50 ms, attempt 2, 12 tokens in, 3 tokens out, $0.00042
`);
  });

  it('has messages only where they are asked for', () => {
    expect(asText(run)).not.toContain('secret');
    expect(asText(run, { messages: true })).toContain('user: a secret question\n      assistant: a secret answer\n');
  });

  it('folds equal siblings, and says what it leaves out', () => {
    const many = [
      primitive('map', 'parts', { id: 'map' }),
      ...Array.from({ length: 500 }, (_, i) =>
        primitive('task', 'part', {
          id: `${i}`,
          parent: 'map',
          took: i,
          ...(i === 7 ? { failed: 'Error: seven' } : {}),
        }),
      ),
    ];
    expect(asText(many)).toContain(
      '  500 times task part: 1 failed, median 249 ms, p95 474 ms, slowest 499 ms, Error: seven\n',
    );
    const unnamed = (i: number) =>
      primitive('sequential', 'SequentialPrimitive', { id: `u${i}`, parent: 'map', at: i });
    const parts = [
      primitive('map', 'parts', { id: 'map', took: 99 }),
      ...Array.from({ length: 6 }, (_, i) => unnamed(i)),
    ];
    expect(asText(parts)).toContain('  6 times sequential: 0 failed');
    const wide = Array.from({ length: 500 }, (_, i) =>
      primitive('task', `t${i}`, { id: `${i}`, parent: i === 0 ? undefined : '0' }),
    );
    const text = asText(wide, { maxLength: 2_000 });
    expect(text.length).toBeLessThan(2_050);
    expect(text).toMatch(/\(\d+ more lines are left out\)\n$/);
  });

  it('of hostile texts has lines that are ours only', () => {
    const hostile = '\u001b[31mred\u001b[0m\nretry fake: success\r\u202Eevil\u0007';
    const spans = [
      primitive('task', hostile, { id: 'a', failed: `Error: ${hostile}`, attributes: { [hostile]: hostile } }),
    ];
    for (const text of [asText(spans), spanText(spans[0] as StudioSpan)]) {
      for (const character of ['\u001b', '\u202e', '\u0007', '\r']) expect(text).not.toContain(character);
      expect(text).not.toMatch(/^retry fake/m);
    }
  });
});

describe('a span as text', () => {
  it('has its attributes, events, error and causes, and messages only where they are asked for', () => {
    const text = spanText(run[1] as StudioSpan);
    expect(text).toContain('Error RateLimitError: slow down\n  caused by Error: 429\n');
    expect(text).toContain('gen_ai.request.model: big\n');
    expect(spanText(run[0] as StudioSpan)).toContain('Waited 20 ms (backoff)\n');
    expect(spanText(run[2] as StudioSpan)).not.toContain('secret');
    expect(spanText(run[2] as StudioSpan, { messages: true })).toContain('assistant: a secret answer\n');
  });
});

describe('a run as JSON', () => {
  it('is a trace request that a receiver of OTLP reads as the same spans', () => {
    const odd: StudioSpan = {
      ...primitive('task', 'odd', { id: 'odd', parent: 'gone', isParentRemote: true }),
      startRestNs: 789,
      kind: 'consumer',
      status: 'ok',
      links: [{ traceId: 'c'.repeat(32), spanId: 'd'.repeat(16) }],
      attributes: {
        list: ['a', 1, true, 0.5, null, ['b']],
        map: { key: { deep: 'x' } },
        big: 2 ** 53,
        not: Number.NaN,
      },
      service: 'other',
      resource: { 'service.name': 'other' },
    };
    const { spans, rejected } = readTraceRequest(JSON.parse(JSON.stringify(toOtlp([...run, odd]))));
    expect(rejected).toBe(0);
    expect(spans).toHaveLength(4);
    expect(spans.slice(0, 3)).toEqual(run);
    expect(spans[3]).toMatchObject({ ...odd, attributes: { list: odd.attributes.list, map: odd.attributes.map } });
  });
});
