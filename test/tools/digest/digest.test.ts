import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { BudgetExceededError, type Model, openAICompatible, REFERENCE_PRICES } from '../../../src/index.ts';
import { parseExposition, sumOf } from '../../../src/prometheus/parse.ts';
import { startTestTelemetry, type TestTelemetry } from '../../../src/testing/index.ts';
import { combine, combinePartial } from '../../../src/tools/digest/combine.ts';
import { createDigest, type DigestOptions } from '../../../src/tools/digest/index.ts';
import { type ModelServerOptions, startModelServer } from '../../../src/tools/offline-model/model-server.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const SHORT = 'The kettle boils water for tea. It takes three minutes.';
const LONG = `# Rivers\n\n${'Rivers carry water from the hills to the sea, and they shape the land. '.repeat(40)}`;

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

/** The real client against the real offline server. */
async function offline(options: ModelServerOptions = {}) {
  const server = await startModelServer(options);
  onTestFinished(server.close);
  const connect = (model: string) => openAICompatible({ model, baseURL: server.baseURL, provider: 'offline' });
  return { server, small: connect('offline-small'), large: connect('offline-large') };
}

/** A model that does not exist: every call fails at once with an error that is not retried. */
function absent(id: string): Model {
  const refuse = async () => {
    throw Object.assign(new Error('no such model'), { status: 404 });
  };
  return { provider: 'absent', id, generate: refuse };
}

describe('a digest of very many files', () => {
  it('is combined in a time that grows with their number', () => {
    const files = Array.from({ length: 100_000 }, (_, i) => ({ path: `${i}.md`, text: '' }));
    const parts = files.map(({ path }) => ({ file: path, headings: [], text: '', summary: { text: 'A kettle.' } }));
    const document = combine({ folder: 'docs', files, parts, overall: undefined, skipped: [] });
    expect(document.match(/A kettle\./g)).toHaveLength(100_000);
    expect(combinePartial({ folder: 'docs', files, skipped: [] }, parts).match(/A kettle\./g)).toHaveLength(100_000);
  });
});

describe('the digest', () => {
  it('cuts the replies of a model that writes a book, and does not have them summarised again', async () => {
    let calls = 0;
    const book: Model = {
      provider: 'x',
      id: 'book',
      async generate() {
        calls += 1;
        return { text: 'Once upon a time. '.repeat(200_000) };
      },
    };
    const files = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((name) => [`${name}.md`, `${SHORT} ${name}`]));
    const { document } = await createDigest({ small: book, large: book }).execute(tempFolder(files));
    expect(document.length).toBeLessThan(15_000);
    expect(calls).toBeLessThan(10);
  });

  it('summarises every part of every file and the whole, short ones with the small model', async () => {
    const { server, small, large } = await offline();
    const folder = tempFolder({ 'a.md': SHORT, 'b.md': LONG, 'c.md': '' });
    const seen: string[] = [];
    const digest = createDigest({ small, large, onProgress: (done, total) => seen.push(`${done}/${total}`) });
    const { document, parts, skipped } = await digest.execute(folder);

    expect(parts.map(({ file }) => file)).toEqual(['a.md', 'b.md']);
    expect(skipped).toEqual(['c.md is empty']);
    expect(document).toMatch(
      /^# Digest of tta-test-\w+\n\n2 files, 2 parts\.\n\n.*kettle.*\n\n## a\.md\n\nThe kettle.*\n\n## b\.md\n\nRivers carry.*\n\n## Skipped\n\n- c\.md is empty\n$/s,
    );
    expect(seen).toEqual(['0/2', '1/2', '2/2']);
    expect(server.requests()).toBe(3);
    await telemetry.expectMetric('tta_workflow_executions_total', { workflow_name: 'digest', status: 'success' }, 1);
    await telemetry.expectMetric('tta_workflow_executions_total', { workflow_name: 'digest-part' }, 2);
    await telemetry.expectMetric('tta_llm_requests_total', { model: 'offline-small', status: 'success' }, 2);
    await telemetry.expectMetric('tta_llm_requests_total', { model: 'offline-large', status: 'success' }, 1);
  });

  it('rejects when its budget is spent, after the parts that were begun, and uses what they left over', async () => {
    const { small, large } = await offline();
    const prices = { 'offline-small': { input: 30, output: 60 }, 'offline-large': { input: 30, output: 60 } };
    const files = Array.from({ length: 10 }, (_, i) => [`${i}.md`, `${LONG} ${i}`]);
    const folder = tempFolder(Object.fromEntries(files));
    let unfinished: string | undefined;
    const run = (limitUsd: number) => {
      const digest = createDigest({
        ...{ small, large, prices, limitUsd },
        onProgress: (_done, _total, document) => {
          unfinished = document();
        },
      });
      return digest.execute(folder);
    };
    const whole = await run(10);
    expect(whole.parts).toHaveLength(10);
    const spent = sumOf(parseExposition(await telemetry.scrapeText()), 'tta_llm_cost_total');
    // Eight calls at once hold more than this.
    expect((await run(spent * 1.3)).document).toBe(whole.document);
    await expect(run(spent / 2)).rejects.toThrow(BudgetExceededError);
    const done = Number(/Stopped after (\d+) of them/.exec(unfinished ?? '')?.[1]);
    expect(done).toBeGreaterThan(1);
    expect(done).toBeLessThan(10);
  });

  it('is one trace, and the span of a part has its file as a tag', async () => {
    const models = await offline();
    await createDigest(models).execute(tempFolder({ 'a.md': SHORT, 'b.md': LONG }));
    const spans = telemetry.spans();
    expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(1);
    expect(spans.filter((span) => span.parentSpanContext === undefined).map(({ name }) => name)).toEqual([
      'invoke_workflow digest',
    ]);
    const tagged = spans.filter(({ name }) => name === 'invoke_workflow digest-part');
    expect(tagged.map(({ attributes }) => attributes['tta.tag.file']).toSorted()).toEqual(['a.md', 'b.md']);
  });

  it('puts no file name into a label', async () => {
    const models = await offline();
    await createDigest(models).execute(tempFolder({ 'private-name.md': SHORT }));
    expect(await telemetry.scrapeText()).not.toContain('private-name');
  });

  it('summarises only what has changed when it runs again, until the summaries are too old', async () => {
    const { server, small, large } = await offline();
    const folder = tempFolder({ 'a.md': SHORT, 'b.md': LONG });
    const digest = createDigest({ small, large });
    const first = await digest.execute(folder);
    expect(server.requests()).toBe(3);
    expect((await digest.execute(folder)).document).toBe(first.document);
    expect(server.requests()).toBe(3);
    await telemetry.expectMetric('tta_cache_hits_total', { primitive_name: 'summaries' }, 3);
    const uncached = createDigest({ small, large, cacheMs: 0 });
    await uncached.execute(folder);
    await uncached.execute(folder);
    expect(server.requests()).toBe(9);
  });

  it('writes the same document with a model that refuses, is slow, fails and cuts connections', async () => {
    const folder = tempFolder(
      Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`${i}.md`, `Part ${i} tells of kettle number ${i}.`])),
    );
    const withoutFaults = await createDigest(await offline()).execute(folder);
    // A quarter of the calls go wrong. That all four tries of both models do is a chance of 1 in 65,000 for each part.
    const chaos = {
      slowShare: 0.05,
      slowMs: 1_500,
      rateLimitShare: 0.1,
      retryAfterMs: 20,
      errorShare: 0.05,
      cutShare: 0.05,
    };
    const models = await offline({ chaos, random: seeded(7) });
    const withFaults = await createDigest({ ...models, timeoutMs: 1_000 }).execute(folder);
    expect(withFaults.document).toBe(withoutFaults.document);
    expect(models.server.requests()).toBeGreaterThan(31);
    const { samples } = await telemetry.scrape();
    const retried = samples.find(
      ({ name, labels }) => name === 'tta_retry_attempts_total' && labels.result === 'success_retried',
    );
    expect(retried?.value).toBeGreaterThan(0);
  });

  it('costs what the price table says', async () => {
    const { small, large } = await offline();
    const price = REFERENCE_PRICES['openai/gpt-3.5-turbo'];
    await createDigest({ small, large, prices: { 'offline-small': price } }).execute(tempFolder({ 'a.md': SHORT }));
    const { samples } = await telemetry.scrape();
    const total = (name: string) =>
      samples.filter((sample) => sample.name === name).reduce((sum, { value }) => sum + value, 0);
    const tokens = [total('tta_llm_input_tokens_total'), total('tta_llm_output_tokens_total')] as const;
    expect(tokens[0]).toBeGreaterThan(50);
    expect(total('tta_llm_cost_total')).toBeCloseTo((tokens[0] * 1.5 + tokens[1] * 2) / 1e6, 12);
  });

  it('never writes into the folder that it reads', async () => {
    const models = await offline();
    const folder = tempFolder({ 'a.md': SHORT });
    await createDigest(models).execute(folder);
    expect(readdirSync(folder)).toEqual(['a.md']);
    expect(readFileSync(join(folder, 'a.md'), 'utf8')).toBe(SHORT);
  });

  it('ends with the reason when it is aborted', async () => {
    const reason = new Error('enough');
    const controller = new AbortController();
    const models = await offline();
    const options: DigestOptions = { ...models, onProgress: () => controller.abort(reason) };
    const run = createDigest(options).execute(tempFolder({ 'a.md': SHORT }), { signal: controller.signal });
    await expect(run).rejects.toBe(reason);
    await telemetry.expectMetric('tta_workflow_executions_total', { workflow_name: 'digest', status: 'failure' }, 1);
  });

  it('fails when the folder does not exist', async () => {
    const folder = tempFolder();
    rmSync(folder, { recursive: true });
    await expect(createDigest(await offline()).execute(folder)).rejects.toThrow(`The folder ${folder} does not exist`);
  });
});

describe('when a model does not answer', () => {
  it('the other model does', async () => {
    const { large } = await offline();
    const { document } = await createDigest({ small: absent('gone'), large }).execute(tempFolder({ 'a.md': SHORT }));
    expect(document).toContain('The kettle boils water');
    expect(document).not.toContain('Quoted');
    await telemetry.expectMetric('tta_fallback_activations_total', { primitive_name: 'other-model' }, 1);
    await telemetry.expectMetric('tta_fallback_activations_total', { primitive_name: 'without-model' }, 0);
  });

  it('and the other model does not either, the text is quoted and the digest says so', async () => {
    const digest = createDigest({ small: absent('one'), large: absent('two') });
    const { document } = await digest.execute(tempFolder({ 'a.md': SHORT }));
    expect(document).toContain(`## a.md\n\n${SHORT} *(Quoted: no model answered.)*`);
    await telemetry.expectMetric('tta_fallback_activations_total', { primitive_name: 'without-model' }, 2);
  });

  it('and a part has nothing to quote, the digest names that part and has the others', async () => {
    const digest = createDigest({ small: absent('one'), large: absent('two') });
    const { document, parts } = await digest.execute(tempFolder({ 'a.md': SHORT, 'code.md': '```\nx = 1\n```' }));
    expect(parts.map((part) => 'failure' in part)).toEqual([false, true]);
    expect(document).toContain(SHORT);
    expect(document).toContain(
      '## code.md\n\n*Could not be summarised: no model answered, and the text has no sentence of its own to quote*',
    );
    await telemetry.expectMetric(
      'tta_workflow_executions_total',
      { workflow_name: 'digest-part', status: 'failure' },
      1,
    );
    await telemetry.expectMetric('tta_workflow_executions_total', { workflow_name: 'digest', status: 'success' }, 1);
  });

  it('a quotation is not cached: the model is asked again next time', async () => {
    let down = true;
    const { small, large, server } = await offline();
    const interrupted = (model: Model): Model => ({
      ...model,
      generate: (request, options) => (down ? absent('gone') : model).generate(request, options),
    });
    const digest = createDigest({ small: interrupted(small), large: interrupted(large) });
    const folder = tempFolder({ 'a.md': SHORT });
    expect((await digest.execute(folder)).document).toContain('Quoted');
    down = false;
    expect((await digest.execute(folder)).document).not.toContain('Quoted');
    expect(server.requests()).toBeGreaterThan(0);
  });
});

describe('the overall summary of many summaries', () => {
  it('is summarised in rounds until it fits one call', async () => {
    const { small, large } = await offline();
    let longest = 0;
    const measured = (model: Model): Model => ({
      ...model,
      generate: (request, options) => {
        longest = Math.max(longest, request.messages.at(-1)?.content.length ?? 0);
        return model.generate(request, options);
      },
    });
    const files = Array.from({ length: 40 }, (_, i) => [`${i}.md`, `Kettle ${i} boils water for tea number ${i}.`]);
    const digest = createDigest({ small: measured(small), large: measured(large), maxLength: 300 });
    const { overall } = await digest.execute(tempFolder(Object.fromEntries(files)));
    expect(overall?.text).toMatch(/^Kettle \d+ boils water/);
    expect(longest).toBeLessThanOrEqual(300);
  });

  it('ends with a model that makes every text longer', async () => {
    const model: Model = {
      provider: 'chatty',
      id: 'chatty',
      generate: async (request) => ({ text: `${request.messages.at(-1)?.content} And another thing.`.repeat(2) }),
    };
    const files = Array.from({ length: 10 }, (_, i) => [`${i}.md`, `Kettle ${i} boils.`.repeat(10)]);
    const digest = createDigest({ small: model, large: model, maxLength: 300 });
    const { overall } = await digest.execute(tempFolder(Object.fromEntries(files)));
    expect(overall?.text).toContain('Kettle 0 boils');
  });
});

/** Numbers from 0 to 1, the same every time: mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
