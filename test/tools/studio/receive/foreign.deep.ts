/**
 * Real programs with their real instrumentations, installed anew: what they send today shows with its model, tokens and
 * errors. exchanges/ has what they sent when this was written; to add one, keep the body of a request of such a program.
 */
import { execFile } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startModelServer } from '../../../../src/tools/offline-model/model-server.ts';
import { factsOf } from '../../../../src/tools/studio/model/facts.ts';
import { summarise } from '../../../../src/tools/studio/model/summarise.ts';
import { component } from '../../../support/component.ts';
import { startSpanReceiver } from '../../../support/span-receiver.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

// Each test installs packages.
vi.setConfig({ testTimeout: 600_000 });

const run = promisify(execFile);
const python = component('python3');
const EXPORTER = [
  '@opentelemetry/sdk-trace-node@2',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/resources@2',
];

async function start() {
  const models = await startModelServer({ port: 0, anyModel: true });
  onTestFinished(models.close);
  const receiver = await startSpanReceiver();
  onTestFinished(receiver.close);
  return { models, receiver, folder: tempFolder({ 'package.json': '{}' }) };
}

type Started = Awaited<ReturnType<typeof start>>;

function programIn(folder: string, name: string): string {
  const copy = join(folder, name);
  copyFileSync(new URL(`programs/${name}`, import.meta.url), copy);
  return copy;
}

async function runNode({ folder, receiver, models }: Started, name: string, packages: string[], ...args: string[]) {
  await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...packages], { cwd: folder });
  await run(process.execPath, [programIn(folder, name), receiver.url, models.baseURL, ...args], { cwd: folder });
}

async function runPython({ folder, receiver, models }: Started, module: string, packages: string[]) {
  await run(python ?? '', ['-m', 'venv', 'venv'], { cwd: folder });
  const bin = join(folder, 'venv/bin');
  const all = ['opentelemetry-sdk', 'opentelemetry-exporter-otlp-proto-http', ...packages];
  await run(join(bin, 'pip'), ['install', '--quiet', ...all], { cwd: folder });
  const program = programIn(folder, 'instrumented.py');
  await run(join(bin, 'python'), [program, module, receiver.url, models.baseURL], { cwd: folder });
}

const rows = ({ receiver }: Started) =>
  receiver.traces().map((spans) => summarise(undefined, spans, { arrival: 1, change: 1, receivedMs: 0 }));
const facts = ({ receiver }: Started) => receiver.spans.map(factsOf);

describe('the Vercel AI SDK', () => {
  it.each([
    ['4', '1', 'zod@3'],
    ['5', '2', 'zod@3'],
    ['6', '3', 'zod@4'],
  ])('%s shows with its functions, models, tokens, tools and errors', async (major, client, zod) => {
    const all = await start();
    const packages = [`ai@${major}`, `@ai-sdk/openai@${client}`, zod, ...EXPORTER];
    await runNode(all, 'vercel-ai.mjs', packages, major);
    const [answer, stream, broken] = rows(all);
    expect(answer).toMatchObject({ workflow: 'answer', modelCalls: 2, models: ['gpt-4o'], session: 's-7', errors: 0 });
    expect(answer?.inputTokens).toBeGreaterThan(20);
    expect(answer?.outputTokens).toBeGreaterThan(10);
    expect(stream).toMatchObject({ workflow: 'stream', modelCalls: 1, models: ['gpt-4o-mini'] });
    expect(broken).toMatchObject({ workflow: 'broken', status: 'failure', models: ['gpt-4o'] });
    expect(facts(all).some(({ group, label }) => group === 'tool' && label === 'weather')).toBe(true);
    expect(facts(all).some(({ firstChunkUs }) => firstChunkUs !== null)).toBe(true);
  });
});

it('OpenLLMetry for JavaScript shows with its workflow, model, tokens and session', async () => {
  const all = await start();
  await runNode(all, 'openllmetry.mjs', ['@traceloop/node-server-sdk', 'openai@6']);
  const [row] = rows(all);
  expect(row).toMatchObject({
    workflow: 'joke',
    modelCalls: 1,
    models: ['gpt-4o'],
    session: 's-9',
    service: 'openllmetry',
  });
  expect(row?.inputTokens).toBeGreaterThan(0);
  expect(row?.outputTokens).toBeGreaterThan(0);
});

describe.skipIf(python === undefined)('a Python program', () => {
  it.each([
    ['OpenLLMetry', 'opentelemetry.instrumentation.openai', ['opentelemetry-instrumentation-openai', 'openai']],
    [
      'OpenLLMetry of 2024',
      'opentelemetry.instrumentation.openai',
      ['opentelemetry-instrumentation-openai==0.33.12', 'openai<2'],
    ],
    ['OpenInference', 'openinference.instrumentation.openai', ['openinference-instrumentation-openai', 'openai']],
  ])('with %s shows with its models, tokens, tool calls and errors', async (name, module, packages) => {
    const all = await start();
    await runPython(all, module, packages);
    const [row] = rows(all);
    expect(row).toMatchObject({ name: 'answer a question', service: 'python', kind: 'model' });
    expect(row?.models).toEqual(['gpt-4o', 'gpt-4o-mini']);
    expect(row?.inputTokens).toBeGreaterThan(10);
    expect(row?.outputTokens).toBeGreaterThan(10);
    // The older one does not send a call that failed.
    if (!name.includes('2024')) expect(row?.errors).toBe(1);
    const [first] = facts(all).filter(({ isModelCall }) => isModelCall);
    expect(first?.conversation?.output[0]?.parts[0]?.text).toMatch(/^weather\(/);
  });
});
