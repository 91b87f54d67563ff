/** What becomes of model calls that have not ended, or are not charged yet, when a program ends. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { parseExposition, sumOf } from '../../src/prometheus/parse.ts';
import { ENTRY, endChildren, runModule } from '../support/child.ts';
import { type OtlpSink, startSink } from '../support/otlp-sink.ts';
import { build } from '../support/tta.ts';

beforeAll(build);
afterEach(endChildren);

/** A model that only the catalogue knows: its price must be loaded first. */
const MODEL = 'gpt-4o-mini';
const USAGE = { prompt_tokens: 1_000_000, completion_tokens: 0, total_tokens: 1_000_000 };
const whole: RequestListener = (_, response) =>
  response
    .writeHead(200, { 'content-type': 'application/json' })
    .end(JSON.stringify({ id: 'c1', object: 'chat.completion', model: MODEL, choices: [], usage: USAGE }));
/** A stream that never ends. */
const begun: RequestListener = (_, response) => {
  const chunk = {
    id: 'c1',
    object: 'chat.completion.chunk',
    model: MODEL,
    choices: [{ index: 0, delta: { content: 'Hi' } }],
  };
  response.writeHead(200, { 'content-type': 'text/event-stream' }).write(`data: ${JSON.stringify(chunk)}\n\n`);
};

interface Running {
  readonly sink: OtlpSink;
  readonly child: ReturnType<typeof runModule>;
}

/** Runs a program in which `call(stream)` asks the model, and gives the first part of the reply. */
async function run(answer: RequestListener, program: string): Promise<Running> {
  const server = createServer(answer);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sink = await startSink();
  onTestFinished(() => sink.stop());
  const child = runModule(
    `import { register } from '${ENTRY.sdk}';
     const call = async (stream) => {
       const body = JSON.stringify({ model: '${MODEL}', stream, messages: [] });
       const response = await fetch('http://${host}/v1/chat/completions', { method: 'POST', body });
       const reader = response.body.getReader();
       return { reader, ...(await reader.read()) };
     };
     ${program}`,
    {
      flags: ['--import', ENTRY.register],
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, TTA_MODEL_HOSTS: `${host}=openai` },
    },
  );
  return { sink, child };
}

describe('a model call', () => {
  it.each([
    ['at process.exit()', 'await call(true); process.exit(0);'],
    ['at a shutdown', 'await call(true); await (await register()).shutdown(); process.exit(0);'],
  ])('that has not ended %s has a span all the same', async (_, program) => {
    const { sink, child } = await run(begun, program);
    expect(await child.exited).toMatchObject({ code: 0 });
    expect(sink.spans).toMatchObject([{ name: `chat ${MODEL}`, status: { code: 2 } }]);
  });

  it('that has not ended when a signal ends the program has a span, and is told', async () => {
    const { sink, child } = await run(
      begun,
      "const { reader } = await call(true); console.log('BEGUN'); await reader.read();",
    );
    await child.says('BEGUN');
    child.kill('SIGTERM');
    const { signal, stderr } = await child.exited;
    expect(signal).toBe('SIGTERM');
    expect(stderr).toContain('at the shutdown 1 model call had not ended');
    expect(sink.spans).toMatchObject([{ name: `chat ${MODEL}` }]);
  });

  it.each([
    ['process.exit()', 'await call(false); process.exit(0);'],
    ['a flush', 'await call(false); await (await register()).flush(); process.kill(process.pid, "SIGKILL");'],
    ['a shutdown', 'await call(false); await (await register()).shutdown(); process.kill(process.pid, "SIGKILL");'],
    ['the end of the work', 'await call(false);'],
  ])('that has ended before %s has a span, although its price was not loaded yet', async (_, program) => {
    const { sink, child } = await run(whole, program);
    await child.exited;
    expect(sink.spans).toMatchObject([{ name: `chat ${MODEL}`, status: { code: 0 } }]);
  });

  it.each([
    ['the metrics', ''],
    ['the last metrics', 'await sdk.shutdown();'],
  ])('is in %s with its dollars as soon as the reply is read', async (_, first) => {
    const program = `await call(false); const sdk = await register(); ${first}
      console.log('TEXT ' + JSON.stringify(await sdk.metrics()));`;
    const { child } = await run(whole, program);
    const exposition = parseExposition(JSON.parse(await child.says('TEXT ')) as string);
    expect(sumOf(exposition, 'tta_llm_requests_total')).toBe(1);
    expect(sumOf(exposition, 'tta_llm_cost_total')).toBeCloseTo(0.15, 9);
  });
});
