/** The integration of the Vercel AI SDK, by the events that its versions 6 and 7 tell; `frameworks.deep.ts` has the package itself. */
import { SpanKind } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { task } from '../../src/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { aiSdkTelemetry } from '../../src/wire/ai-sdk.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const toolCall = { toolName: 'get_weather', toolCallId: 'call_1', input: { city: 'Graz' } };
const model = task('model', () => 'hello');
const spanOf = (name: string) => telemetry.spans().find((span) => span.name === name);

describe('the AI SDK 7', () => {
  const agent = async (callId: string, functionId?: string) => {
    const sdk = aiSdkTelemetry();
    sdk.onStart({ callId, functionId });
    sdk.onStepStart({ callId, stepNumber: 0 });
    const text = await sdk.executeLanguageModelCall({ callId, execute: () => model.execute() } as never);
    await sdk.executeTool({ callId, functionId, toolCall, execute: async () => 'rain' } as never);
    sdk.onStepEnd({ callId, stepNumber: 0 });
    sdk.onEnd({ callId });
    return text;
  };

  it('has a span for the agent, for each step, and for each tool, around what runs in them', async () => {
    expect(await task('ask', () => agent('c1', 'weather')).execute()).toBe('hello');
    telemetry.expectSpans(`
      task ask
        invoke_agent weather
          step 1
            task model
            execute_tool get_weather
    `);
    expect(spanOf('execute_tool get_weather')).toMatchObject({
      kind: SpanKind.INTERNAL,
      attributes: {
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.agent.name': 'weather',
        'gen_ai.tool.name': 'get_weather',
        'gen_ai.tool.call.id': 'call_1',
      },
    });
    // No argument and no result.
    expect(JSON.stringify(telemetry.spans().map(({ attributes }) => attributes))).not.toMatch(/Graz|rain/);
  });

  it('needs no name', async () => {
    await agent('c1');
    expect(telemetry.spans().map(({ name }) => name)).toContain('invoke_agent');
  });

  it('has none for an operation that is one call', () => {
    const sdk = aiSdkTelemetry();
    for (const operationId of ['ai.embed', 'ai.generateText']) {
      sdk.onStart({ callId: operationId, operationId, functionId: operationId });
      sdk.onEnd({ callId: operationId });
    }
    telemetry.expectSpans('invoke_agent ai.generateText');
  });

  it('ends the step and the agent with the error, or as cancelled', () => {
    const sdk = aiSdkTelemetry();
    for (const [callId, ended] of [
      ['failed', () => sdk.onError({ callId: 'failed', error: new TypeError('no') })],
      ['aborted', () => sdk.onAbort({ callId: 'aborted' })],
    ] as const) {
      sdk.onStart({ callId, functionId: callId });
      sdk.onStepStart({ callId, stepNumber: 0 });
      ended();
    }
    expect(spanOf('invoke_agent failed')?.attributes['error.type']).toBe('TypeError');
    expect(spanOf('invoke_agent aborted')?.attributes['tta.outcome']).toBe('cancelled');
    expect(telemetry.spans()).toHaveLength(4);
  });

  it('gives the very error of a tool', async () => {
    const error = new Error('no weather');
    const running = aiSdkTelemetry().executeTool({ toolCall, execute: () => Promise.reject(error) } as never);
    await expect(running).rejects.toBe(error);
    expect(spanOf('execute_tool get_weather')?.attributes['tta.outcome']).toBe('failure');
  });

  it('keeps calls that run at once apart', async () => {
    const sdk = aiSdkTelemetry();
    for (const callId of ['a', 'b']) sdk.onStart({ callId, functionId: callId });
    await Promise.all(
      ['a', 'b'].map((callId) => sdk.executeTool({ callId, toolCall, execute: async () => callId } as never)),
    );
    for (const callId of ['b', 'a']) sdk.onEnd({ callId });
    telemetry.expectSpans(`
      invoke_agent a
        execute_tool get_weather
      invoke_agent b
        execute_tool get_weather
    `);
  });
});

describe('the AI SDK 6', () => {
  it('has a span for each tool, also for equal ones that run at once', () => {
    const sdk = aiSdkTelemetry();
    const calls = [{ ...toolCall }, { ...toolCall }];
    sdk.onStart({ functionId: 'weather' });
    for (const call of calls) sdk.onToolCallStart({ toolCall: call, functionId: 'weather' });
    sdk.onToolCallFinish({ toolCall: calls[0], success: true, output: 'rain' });
    sdk.onToolCallFinish({ toolCall: calls[1], success: false, error: new RangeError('no') });
    const spans = telemetry.spans();
    expect(spans.map(({ name }) => name)).toEqual(['execute_tool get_weather', 'execute_tool get_weather']);
    expect(spans.map(({ attributes }) => attributes['error.type'])).toEqual([undefined, 'RangeError']);
    expect(spans[0]?.attributes['gen_ai.agent.name']).toBe('weather');
  });
});

it('events that say nothing, or that throw, do no harm', async () => {
  const sdk = aiSdkTelemetry();
  const hostile = new Proxy(
    {},
    {
      get: () => {
        throw new Error('hostile');
      },
    },
  );
  for (const event of [undefined, null, 5, {}, { callId: 1, stepNumber: Number.NaN }, hostile]) {
    for (const listener of [sdk.onStart, sdk.onStepStart, sdk.onStepEnd, sdk.onEnd, sdk.onError]) listener(event);
    sdk.onToolCallStart(event);
    sdk.onToolCallFinish(event);
  }
  expect(await sdk.executeTool({ execute: async () => 1 })).toBe(1);
  expect(await sdk.executeLanguageModelCall({ execute: async () => 2 })).toBe(2);
});
