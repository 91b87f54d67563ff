/** Runs one agent in two workflows, and writes what was counted of each. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [root, name, output] = process.argv.slice(2);
const load = (file) => import(pathToFileURL(join(root, 'dist/src', file)).href);
const { startModelServer } = await load('tools/offline-model/model-server.js');
const { startTestTelemetry } = await load('testing/index.js');
const ours = await load('index.js');
const { observeModelCalls, task, workflow } = ours;

const server = await startModelServer({ anyModel: true });
const telemetry = startTestTelemetry();
observeModelCalls({
  hosts: { [new URL(server.baseURL).host]: 'openai' },
  prices: { 'gpt-4o': { input: 2, output: 8 } },
});
const { AGENTS } = await import('./agents.js');
const run = await AGENTS[name](server.baseURL, ours);

const named = (title) => workflow(title, task('ask', run));
const texts = await Promise.all([named('first').execute(), named('second').execute()]);

const spans = telemetry.spans();
const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]));
const pathOf = (span) => {
  const parent = byId.get(span.parentSpanContext?.spanId ?? span.parentSpanId);
  return parent === undefined ? span.name : `${pathOf(parent)} > ${span.name}`;
};
writeFileSync(
  output,
  JSON.stringify({
    texts,
    requests: server.requests(),
    tools: spans
      .filter(({ name }) => name.startsWith('execute_tool'))
      .map(pathOf)
      .sort(),
    calls: spans
      .filter(({ kind }) => kind === 2)
      .map(pathOf)
      .sort(),
    metrics: (await telemetry.scrapeText()).split('\n').filter((line) => line.startsWith('tta_')),
  }),
);
await server.close();
