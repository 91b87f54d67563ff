import { runInNewContext } from 'node:vm';
import { trace } from '@opentelemetry/api';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { spanJson } from '../../src/sdk/otlp-json.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

it.each([
  ['bytes', 'new Uint8Array([1, 2, 3])', { bytesValue: 'AQID' }],
  ['a date', 'new Date(0)', { stringValue: '1970-01-01T00:00:00.000Z' }],
  ['a list', "['a', 1]", { arrayValue: { values: [{ stringValue: 'a' }, { intValue: '1' }] } }],
])('writes %s of another realm, as in a test environment, as its own', (_, source, value) => {
  trace.getTracer('test').startSpan('made').end();
  const [span = expect.unreachable()] = telemetry.spans();
  const json = spanJson({
    ...span,
    spanContext: () => span.spanContext(),
    attributes: { it: runInNewContext(source) },
  });
  expect(JSON.parse(json ?? '').attributes).toEqual([{ key: 'it', value }]);
});
