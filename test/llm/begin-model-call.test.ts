import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { task, workflow } from '../../src/index.ts';
import { loadCatalogue } from '../../src/ledger/catalogue.ts';
import { type BeginModelCallOptions, beginModelCall } from '../../src/llm/begin-model-call.ts';
import type { ModelCallEnd, ModelCallStart } from '../../src/llm/model-call.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(async () => {
  await loadCatalogue();
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const START: ModelCallStart = {
  operation: 'chat',
  provider: 'openai',
  model: 'gpt-4',
  requestBytes: 100,
  maxOutputTokens: 50,
  serverAddress: 'api.openai.com',
  serverPort: 443,
  streams: false,
  resendCount: undefined,
};
const END: ModelCallEnd = {
  model: 'gpt-4-0613',
  id: 'r1',
  finishReasons: ['stop'],
  usage: { inputTokens: 1_000, outputTokens: 1_000 },
  metering: 'exact',
  statedDollars: undefined,
  serviceTier: undefined,
};
const NO_REPLY: ModelCallEnd = {
  ...END,
  model: undefined,
  id: undefined,
  finishReasons: [],
  usage: undefined,
  metering: 'unknown',
};
const begin = (start: Partial<ModelCallStart> = {}, options?: BeginModelCallOptions) =>
  beginModelCall({ ...START, ...start }, options);
const gpt4 = { model: 'gpt-4', provider: 'openai' };

describe('a call that is no execution', () => {
  it('is one CLIENT span with its usage and cost, and no primitive', async () => {
    const around = task('around', () => {
      const call = begin({ temperature: 0, resendCount: 2 });
      expect(call.reserve()).toBeUndefined();
      call.firstChunk();
      call.succeeded(END);
      call.failed(new Error('too late'), END);
    });
    await workflow('flow', around).execute();
    telemetry.expectSpans(`
      invoke_workflow flow
        task around
          chat gpt-4
    `);
    const span = telemetry.spans().find(({ name }) => name === 'chat gpt-4');
    expect(span?.kind).toBe(SpanKind.CLIENT);
    expect(span?.attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4',
      'gen_ai.request.max_tokens': 50,
      'gen_ai.request.temperature': 0,
      'gen_ai.response.model': 'gpt-4-0613',
      'gen_ai.response.id': 'r1',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.input_tokens': 1_000,
      'server.address': 'api.openai.com',
      'server.port': 443,
      'http.request.resend_count': 2,
      'tta.llm.cost_usd': 0.09,
      'tta.llm.metering': 'exact',
      'tta.llm.priced_by': 'reference',
      'tta.workflow.name': 'flow',
    });
    await telemetry.expectMetric('tta_llm_cost_total', gpt4, 0.09);
    await telemetry.expectMetric('tta_workflow_llm_cost_total', { workflow_name: 'flow' }, 0.09);
    await telemetry.expectMetric('tta_llm_requests_total', { ...gpt4, status: 'success' }, 1);
    await telemetry.expectMetric('tta_llm_requests_total', { ...gpt4, status: 'failure' }, 0);
    await telemetry.expectMetric('tta_llm_request_duration_seconds_count', gpt4, 1);
    await telemetry.expectMetric('tta_llm_time_to_first_chunk_seconds_count', gpt4, 1);
    await telemetry.expectMetric('tta_primitive_executions_total', {}, 2);
  });

  it('is counted without a span where another instrumentation makes one', async () => {
    begin({}, { spans: false }).succeeded(END);
    expect(telemetry.spans()).toEqual([]);
    await telemetry.expectMetric('tta_llm_cost_total', gpt4, 0.09);
    await telemetry.expectMetric('tta_llm_requests_total', { ...gpt4, status: 'success' }, 1);
    await telemetry.expectMetric('tta_llm_request_duration_seconds_count', gpt4, 1);
  });

  it('is not billed where the server has refused it, or it was never sent', async () => {
    begin().failed(Object.assign(new Error('too many'), { status: 429 }), NO_REPLY);
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    begin().failed(new TypeError('fetch failed', { cause: refused }), NO_REPLY);
    await telemetry.expectMetric('tta_llm_requests_total', { ...gpt4, status: 'failure' }, 2);
    await telemetry.expectMetric('tta_llm_unmetered_requests_total', gpt4, 0);
    await telemetry.expectMetric('tta_llm_unpriced_requests_total', gpt4, 0);
    expect(telemetry.spans()[0]?.status.code).toBe(SpanStatusCode.ERROR);
  });

  it('is unmetered where it was sent and has no reply, or only a part of one', async () => {
    begin().failed(new TypeError('terminated'), NO_REPLY);
    begin().cancelled(new Error('PrivateName'), NO_REPLY);
    begin().cancelled(undefined, { ...END, metering: 'partial' });
    begin().succeeded({ ...END, metering: 'estimate' });
    await telemetry.expectMetric('tta_llm_unmetered_requests_total', gpt4, 4);
    await telemetry.expectMetric('tta_llm_unpriced_requests_total', gpt4, 0);
    await telemetry.expectMetric('tta_llm_cost_total', gpt4, 0.18);
    const cancelled = telemetry.spans().filter(({ attributes }) => attributes['tta.outcome'] === 'cancelled');
    expect(cancelled.map(({ attributes }) => attributes['error.type'])).toEqual(['AbortError', 'AbortError']);
  });

  it('is unpriced where its tokens are known and its price is not', async () => {
    begin({ model: 'nobody-knows' }).succeeded({ ...END, model: 'nobody-knows' });
    const labels = { model: 'nobody-knows', provider: 'openai' };
    await telemetry.expectMetric('tta_llm_unpriced_requests_total', labels, 1);
    await telemetry.expectMetric('tta_llm_unmetered_requests_total', labels, 0);
    await telemetry.expectMetric('tta_llm_input_tokens_total', labels, 1_000);
  });

  it('has the name that its reply gives only where that is known, if its request names none', async () => {
    begin({ model: undefined }).succeeded(END);
    begin({ model: undefined }).succeeded({ ...END, model: 'a secret of the server' });
    begin({ model: undefined }).succeeded(NO_REPLY);
    await telemetry.expectMetric('tta_llm_requests_total', { model: 'gpt-4-0613', status: 'success' }, 1);
    await telemetry.expectMetric('tta_llm_requests_total', { model: '__unknown__', status: 'success' }, 2);
    expect(await telemetry.scrapeText()).not.toContain('secret');
    expect(telemetry.spans()[0]?.name).toBe('chat');
  });

  it('believes the cost that its end states', async () => {
    begin().succeeded({ ...END, statedDollars: 0.5 });
    begin().succeeded({ ...END, statedDollars: Number.NaN });
    await telemetry.expectMetric('tta_llm_cost_total', gpt4, 0.59);
    expect(telemetry.spans()[0]?.attributes['tta.llm.priced_by']).toBe('reply');
  });
});
