import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { observeModelCalls, type Undo } from '../../src/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { type ChatServer, completion, json, startChatServer } from '../support/chat-server.ts';

let server: ChatServer;
let telemetry: TestTelemetry;
let undo: Undo;
beforeEach(async () => {
  telemetry = startTestTelemetry();
  server = await startChatServer();
  vi.stubEnv('OPENAI_API_KEY', 'any');
  vi.stubEnv('OPENAI_BASE_URL', server.baseURL);
  undo = observeModelCalls({ hosts: `${new URL(server.baseURL).host}=openai` });
});
afterEach(async () => {
  undo();
  server.close();
  vi.unstubAllEnvs();
  await telemetry.stop();
});

it("the README's agent calls a tool, and each of its requests is in the dollars of its workflow", async () => {
  const { agent } = await import('./agent.ts');
  const wanted = { id: 'c1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Graz"}' } };
  const of = (reply: object) => json({ ...reply, model: 'gpt-4o-mini-2024-07-18' });
  const answers = [
    json({ error: { message: 'slow down' } }, 429, { 'retry-after-ms': '1' }),
    of(completion(null, { tool_calls: [wanted] }, { finish_reason: 'tool_calls' })),
    of(completion('Take an umbrella.')),
  ];
  server.answer = (response, asked) => answers.shift()?.(response, asked);

  const messages = await agent.execute([{ role: 'user', content: 'Do I need an umbrella in Graz?' }]);

  expect(messages.map(({ role, content }) => [role, content])).toEqual([
    ['user', 'Do I need an umbrella in Graz?'],
    ['assistant', null],
    ['tool', 'It rains in Graz.'],
    ['assistant', 'Take an umbrella.'],
  ]);
  expect(server.asked).toHaveLength(3);
  await telemetry.expectMetric(
    'tta_llm_requests_total',
    { model: 'gpt-4o-mini', provider: 'openai', status: 'success' },
    2,
  );
  await telemetry.expectMetric('tta_llm_requests_total', { model: 'gpt-4o-mini', status: 'failure' }, 1);
  const dollars = 2 * ((1_000 * 0.15 + 1_000 * 0.6) / 1e6);
  await telemetry.expectMetric('tta_workflow_llm_cost_total', { workflow_name: 'agent' }, dollars);
  await telemetry.expectMetric('tta_llm_cost_by_use_total', { use: 'answered' }, dollars);
  await telemetry.expectMetric('tta_retry_attempts_total', { result: 'success_retried' }, 1);
  const names = telemetry.spans().map(({ name }) => name);
  expect(names.filter((name) => name === 'chat gpt-4o-mini')).toHaveLength(3);
  expect(names).toContain('task get_weather');
});

it('is what the README shows', () => {
  const read = (file: string) => readFileSync(new URL(file, import.meta.url), 'utf8');
  const code = read('agent.ts')
    .replace(/^\/\*\*.*\n/, '')
    .replace('../../src/index.ts', 'tta-primitives');
  expect(read('../../README.md')).toContain(`\`\`\`ts\n${code}\`\`\`\n`);
  expect(code.trimEnd().split('\n').length).toBeLessThanOrEqual(30);
});
