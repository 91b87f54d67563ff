/** The README's agent: tools by the official client, `loop` for its turns. Whatever observes `fetch` counts its dollars. */
import OpenAI from 'openai';
import { loop, map, retry, sequential, task, timeout, workflow } from '../../src/index.ts';

type Message = OpenAI.ChatCompletionMessageParam;

const client = new OpenAI({ maxRetries: 0 }); // retries are ours, and counted
const city = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const tools: OpenAI.ChatCompletionTool[] = [{ type: 'function', function: { name: 'get_weather', parameters: city } }];
const getWeather = task('get_weather', async ({ city }: { city: string }) => `It rains in ${city}.`);

const ask = task('ask', async (messages: Message[], { signal }) => {
  const { choices } = await client.chat.completions.create({ model: 'gpt-4o-mini', messages, tools }, { signal });
  return choices[0] === undefined ? messages : [...messages, choices[0].message];
});
const useTool = task('use tool', async (call: OpenAI.ChatCompletionMessageToolCall): Promise<Message> => {
  const content = call.type === 'function' ? await getWeather.execute(JSON.parse(call.function.arguments)) : 'unknown';
  return { role: 'tool', tool_call_id: call.id, content };
});
const useTools = task('use tools', async (messages: Message[]) => {
  const last = messages.at(-1);
  const calls = last?.role === 'assistant' ? (last.tool_calls ?? []) : [];
  return [...messages, ...(await map(useTool, { concurrency: 4 }).execute(calls))];
});

const turn = sequential(retry(timeout(ask, { timeoutMs: 60_000 })), useTools);
const isAnswer = (messages: Message[]) => messages.at(-1)?.role === 'assistant';
export const agent = workflow('agent', loop(turn, { until: isAnswer, maxIterations: 8 }));
