// Calls models with the Vercel AI SDK and its telemetry. Arguments: endpoint of OTLP, base URL of the models, major version.
import { createOpenAI } from '@ai-sdk/openai';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import * as ai from 'ai';
import { z } from 'zod';

const [endpoint, models, major] = process.argv.slice(2);
const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces` });
const provider = new NodeTracerProvider({
  resource: resourceFromAttributes({ 'service.name': 'vercel' }),
  spanProcessors: [new BatchSpanProcessor(exporter)],
});
provider.register();

const openai = createOpenAI({ baseURL: models, apiKey: 'offline', name: 'openai' });
const metadata = { userId: 'u1', sessionId: 's-7', tags: ['a', 'b'] };
const telemetry = (functionId) => ({ experimental_telemetry: { isEnabled: true, functionId, metadata } });
const input = z.object({ city: z.string().optional() }).passthrough();
const weather = ai.tool({
  description: 'weather',
  ...(major === '4' ? { parameters: input } : { inputSchema: input }),
  execute: async () => 'sunny',
});

await ai.generateText({
  model: openai.chat('gpt-4o'),
  system: 'be short',
  prompt: 'use weather for Paris',
  tools: { weather },
  ...(major === '4' ? { maxSteps: 3 } : { stopWhen: ai.stepCountIs(3) }),
  ...telemetry('answer'),
});
const stream = ai.streamText({ model: openai.chat('gpt-4o-mini'), prompt: 'Tell me a story', ...telemetry('stream') });
for await (const _ of stream.textStream);
const broken = createOpenAI({ baseURL: 'http://127.0.0.1:1/v1', apiKey: 'offline', name: 'openai' });
await ai
  .generateText({ model: broken.chat('gpt-4o'), prompt: 'fail', maxRetries: 0, ...telemetry('broken') })
  .catch(() => {});
await provider.shutdown();
