import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ambientContext } from '../../src/core/context.ts';
import { task } from '../../src/index.ts';
import { observeCall } from '../../src/telemetry/observe-call.ts';
import { modelCallTelemetry } from '../../src/telemetry/record/llm.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

describe('a call that is observed and is no primitive', () => {
  let telemetry: TestTelemetry;
  beforeEach(() => {
    telemetry = startTestTelemetry();
  });
  afterEach(() => telemetry.stop());

  const labels = { model: 'gpt-4', provider: 'openai' };
  const begin = () => {
    const {
      spanName = '',
      samplingAttributes = {},
      metrics = [],
      firstChunk,
    } = modelCallTelemetry({
      id: 'gpt-4',
      provider: 'openai',
      serverAddress: 'api.openai.com',
    });
    return observeCall({ spanName, samplingAttributes, metrics, firstChunk }, ambientContext());
  };

  it('is one CLIENT span below the active one, one count and one duration, and no primitive', async () => {
    await task('around', () => begin().succeeded()).execute();
    telemetry.expectSpans(`
      task around
        chat gpt-4
    `);
    const [span] = telemetry.spans();
    expect(span?.kind).toBe(SpanKind.CLIENT);
    expect(span?.attributes).toEqual({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4',
      'server.address': 'api.openai.com',
    });
    await telemetry.expectMetric('tta_llm_requests_total', { ...labels, status: 'success' }, 1);
    await telemetry.expectMetric('tta_llm_request_duration_seconds_count', labels, 1);
    await telemetry.expectMetric('tta_primitive_executions_total', {}, 1);
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it('ends as failed with its error, and only once', async () => {
    const call = begin();
    call.failed(new RangeError('too much'));
    call.succeeded();
    call.failed(new Error('again'));
    expect(telemetry.spans()).toHaveLength(1);
    expect(telemetry.spans()[0]).toMatchObject({
      status: { code: SpanStatusCode.ERROR, message: 'too much' },
      attributes: { 'error.type': 'RangeError', 'tta.outcome': 'failure' },
    });
    await telemetry.expectMetric('tta_llm_requests_total', { ...labels, status: 'failure' }, 1);
    await telemetry.expectMetric('tta_llm_requests_total', labels, 1);
  });

  it('runs work where its span is the active one', async () => {
    const call = begin();
    const active = call.run(() => trace.getActiveSpan()?.spanContext().spanId);
    await call.run(() => task('inside', () => {}).execute());
    call.succeeded();
    expect(active).toBe(telemetry.spans().at(-1)?.spanContext().spanId);
    telemetry.expectSpans(`
      chat gpt-4
        task inside
    `);
  });

  it('counts without an SDK as well, and is seen once there is one', async () => {
    await telemetry.stop();
    begin().succeeded();
    telemetry = startTestTelemetry();
    begin().succeeded();
    await telemetry.expectMetric('tta_llm_requests_total', { ...labels, status: 'success' }, 1);
  });
});
