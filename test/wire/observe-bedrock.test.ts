/** Bedrock's client by its middleware stack. The real client is in clients.deep.ts. */
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import { loadCatalogue } from '../../src/ledger/catalogue.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { observeBedrock } from '../../src/wire/observe-bedrock.ts';
import { collectUntil } from './fake-wire.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

type Send = (sent: { input: unknown; request: unknown }) => Promise<{ output: unknown }>;
type Middleware = (send: Send, context: object) => Send;

/** A client with the part of a stack that is used. */
class Client {
  readonly added = new Map<string, Middleware>();
  readonly middlewareStack = {
    add: (middleware: Middleware, { name }: { name: string }) => {
      this.added.set(name, middleware);
    },
  };

  /** Sends as the stack does, with `answer` at its end. */
  async send(operation: string, input: object, answer: () => unknown): Promise<unknown> {
    let send: Send = async () => ({ output: await answer() });
    for (const middleware of this.added.values()) send = middleware(send, { commandName: `${operation}Command` });
    const request = { hostname: 'bedrock-runtime.eu-west-1.amazonaws.com', body: JSON.stringify(input) };
    return (await send({ input, request })).output;
  }
}

const INPUT = {
  modelId: 'anthropic.claude-3-5-sonnet-20240620-v1:0',
  messages: [],
  inferenceConfig: { maxTokens: 100 },
};
const REPLY = {
  output: { message: { role: 'assistant', content: [{ text: 'Yes.' }] } },
  stopReason: 'end_turn',
  usage: { inputTokens: 1_000, outputTokens: 100, totalTokens: 1_100 },
};
const EVENTS = [
  { messageStart: { role: 'assistant' } },
  { contentBlockDelta: { delta: { text: 'Yes.' }, contentBlockIndex: 0 } },
  { messageStop: { stopReason: 'end_turn' } },
  { metadata: { usage: REPLY.usage, metrics: { latencyMs: 5 } } },
];

/** $3 and $15 per million. */
const DOLLARS = 0.0045;

async function* given(events: readonly unknown[]) {
  for (const event of events) {
    if (event instanceof Error) throw event;
    yield event;
  }
}

const value = async (name: string, labels = {}) => {
  await loadCatalogue();
  await new Promise((resolve) => setImmediate(resolve));
  const { samples } = await telemetry.scrape();
  return samples
    .filter(
      (sample) => sample.name === name && Object.entries(labels).every(([key, text]) => sample.labels[key] === text),
    )
    .reduce((sum, sample) => sum + sample.value, 0);
};

const calls = async () => ({
  success: await value('tta_llm_requests_total', { status: 'success' }),
  failure: await value('tta_llm_requests_total', { status: 'failure' }),
  unmetered: await value('tta_llm_unmetered_requests_total'),
  dollars: Number((await value('tta_llm_cost_total', { provider: 'aws.bedrock' })).toFixed(9)),
});

async function read(output: unknown): Promise<unknown[]> {
  const events: unknown[] = [];
  for await (const event of (output as { stream: AsyncIterable<unknown> }).stream) events.push(event);
  return events;
}

describe('a call of Bedrock’s client', () => {
  it('is a span, tokens and dollars', async () => {
    const client = observeBedrock(new Client());
    expectTypeOf(client).toEqualTypeOf<Client>();
    expect(await client.send('Converse', INPUT, () => REPLY)).toBe(REPLY);
    expect(await calls()).toEqual({ success: 1, failure: 0, unmetered: 0, dollars: DOLLARS });
    expect(telemetry.spans().map(({ name, attributes }) => [name, attributes['server.address']])).toEqual([
      [`chat ${INPUT.modelId}`, 'bedrock-runtime.eu-west-1.amazonaws.com'],
    ]);
  });

  it('in events costs the same, and its stream is the very object', async () => {
    const client = observeBedrock(new Client());
    const output = { stream: given(EVENTS) };
    const got = await client.send('ConverseStream', INPUT, () => output);
    expect(got).toBe(output);
    expect(await read(got)).toEqual(EVENTS);
    expect(await calls()).toEqual({ success: 1, failure: 0, unmetered: 0, dollars: DOLLARS });
  });

  it('in events that are left is cancelled, and so is its stream', async () => {
    let closed = false;
    const client = observeBedrock(new Client());
    const stream = (async function* () {
      try {
        yield* EVENTS;
      } finally {
        closed = true;
      }
    })();
    const output = (await client.send('ConverseStream', INPUT, () => ({ stream }))) as {
      stream: AsyncIterable<unknown>;
    };
    for await (const _ of output.stream) break;
    expect(closed).toBe(true);
    expect(await calls()).toMatchObject({ failure: 1, unmetered: 1 });
  });

  it('in events that are dropped is cancelled', async () => {
    const client = observeBedrock(new Client());
    await client.send('ConverseStream', INPUT, () => ({ stream: given(EVENTS) }));
    await collectUntil(() => telemetry.spans().length > 0);
    expect(await calls()).toMatchObject({ failure: 1, unmetered: 1 });
  });

  it('fails with the very error of its events, and where they end too early', async () => {
    const client = observeBedrock(new Client());
    const error = new Error('throttled');
    const output = await client.send('ConverseStream', INPUT, () => ({
      stream: given([...EVENTS.slice(0, 2), error]),
    }));
    await expect(read(output)).rejects.toBe(error);
    await read(await client.send('ConverseStream', INPUT, () => ({ stream: given(EVENTS.slice(0, 2)) })));
    expect(await calls()).toMatchObject({ success: 0, failure: 2, unmetered: 2 });
  });

  it('that is refused costs nothing', async () => {
    const client = observeBedrock(new Client());
    const error = Object.assign(new Error('no'), { name: 'ThrottlingException', $metadata: { httpStatusCode: 429 } });
    await expect(client.send('Converse', INPUT, () => Promise.reject(error))).rejects.toBe(error);
    expect(await calls()).toEqual({ success: 0, failure: 1, unmetered: 0, dollars: 0 });
  });

  it('of another operation is counted where it is billed', async () => {
    const client = observeBedrock(new Client());
    await client.send('InvokeModel', INPUT, () => ({}));
    await client.send('CountTokens', INPUT, () => ({}));
    expect(await value('tta_llm_unmetered_requests_total', { model: '__unrecognised__' })).toBe(1);
  });

  it('is counted once when it is observed twice', async () => {
    const client = observeBedrock(observeBedrock(new Client()));
    await client.send('Converse', INPUT, () => REPLY);
    expect(await calls()).toMatchObject({ success: 1 });
  });
});

describe('observeBedrock', () => {
  it('refuses what is no client', () => {
    expect(() => observeBedrock({} as never)).toThrow('observeBedrock: client must be a client of the AWS SDK');
    expect(() => observeBedrock(new Client(), { mode: 1 as never })).toThrow('ModelCallOptions: mode');
  });

  it('adds nothing where nothing is observed', () => {
    expect(observeBedrock(new Client(), { mode: 'off' }).added.size).toBe(0);
  });
});
