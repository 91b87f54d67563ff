/** An agent of each framework: it calls the tool `get_weather` once, and answers with its result. */
const ASK = 'What does get_weather say?';
const RAIN = 'It rains in Graz.';

export const AGENTS = {
  'AI SDK with its names': async (baseURL, { aiSdkTelemetry }) => {
    const sdk = await import('ai');
    (sdk.registerTelemetry ?? sdk.registerTelemetryIntegration)(aiSdkTelemetry());
    return AGENTS['AI SDK'](baseURL);
  },
  'AI SDK': async (baseURL) => {
    const { ToolLoopAgent, tool } = await import('ai');
    const { createOpenAI } = await import('@ai-sdk/openai');
    const { z } = await import('zod');
    const inputSchema = z.object({ city: z.string() });
    const tools = { get_weather: tool({ description: 'The weather', inputSchema, execute: () => RAIN }) };
    const names = { functionId: 'weather' };
    const agent = new ToolLoopAgent({
      model: createOpenAI({ baseURL, apiKey: 'k' })('gpt-4o'),
      tools,
      telemetry: names,
      experimental_telemetry: names,
    });
    return async () => (await agent.generate({ prompt: ASK })).text;
  },
  LangChain: async (baseURL) => {
    const { createAgent, tool } = await import('langchain');
    const { ChatOpenAI } = await import('@langchain/openai');
    const { z } = await import('zod');
    const schema = z.object({ city: z.string() });
    const weather = tool(() => RAIN, { name: 'get_weather', description: 'The weather', schema });
    const model = new ChatOpenAI({ model: 'gpt-4o', apiKey: 'k', configuration: { baseURL } });
    const agent = createAgent({ model, tools: [weather] });
    return async () => {
      const { messages } = await agent.invoke({ messages: [{ role: 'user', content: ASK }] });
      return messages.at(-1).content;
    };
  },
  'OpenAI Agents': async (baseURL) => {
    const { Agent, OpenAIProvider, Runner, setTracingDisabled, tool } = await import('@openai/agents');
    const { z } = await import('zod');
    setTracingDisabled(true);
    const weather = tool({
      name: 'get_weather',
      description: 'The weather',
      parameters: z.object({ city: z.string() }),
      execute: async () => RAIN,
    });
    const agent = new Agent({ name: 'weather', instructions: 'Be short.', model: 'gpt-4o', tools: [weather] });
    const runner = new Runner({ modelProvider: new OpenAIProvider({ baseURL, apiKey: 'k' }) });
    return async () => (await runner.run(agent, ASK)).finalOutput;
  },
  Mastra: async (baseURL) => {
    const { Agent } = await import('@mastra/core/agent');
    const { createTool } = await import('@mastra/core/tools');
    const { createOpenAI } = await import('@ai-sdk/openai');
    const { z } = await import('zod');
    const get_weather = createTool({
      id: 'get_weather',
      description: 'The weather',
      inputSchema: z.object({ city: z.string() }),
      execute: async () => ({ weather: RAIN }),
    });
    const model = createOpenAI({ baseURL, apiKey: 'k' })('gpt-4o');
    const agent = new Agent({
      id: 'weather',
      name: 'weather',
      instructions: 'Be short.',
      model,
      tools: { get_weather },
    });
    return async () => (await agent.generate(ASK)).text;
  },
};
