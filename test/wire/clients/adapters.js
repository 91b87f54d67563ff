/**
 * How each client is asked: `make` gives a client with its own tries and time limit, the other functions one call each.
 * Clients are loaded when they are used. A function that is missing is what the client does not have.
 */
const PROMPT = 'Rivers run to the sea.';
const ASK = 'What does get_weather say?';
const SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
const MESSAGES = [{ role: 'user', content: PROMPT }];
const ASKED = [{ role: 'user', content: ASK }];
const FUNCTION = { name: 'get_weather', description: 'The weather', parameters: SCHEMA };
const TOOLS = [{ type: 'function', function: FUNCTION }];
const FORMAT = { type: 'json_schema', json_schema: { name: 'place', schema: SCHEMA, strict: true } };

/** The clients that openai's generator makes: groq has the same form. */
const stainlessChat = (name, model, path = '/v1') => ({
  from: name,
  provider: name.startsWith('groq') ? 'groq' : 'openai',
  model,
  make: async ({ url, maxRetries, timeout }) => {
    const { default: Client } = await import(name);
    return new Client({ apiKey: 'k', baseURL: url + path, maxRetries, timeout });
  },
  create: (client, options) => client.chat.completions.create({ model, messages: MESSAGES }, options),
  stream: (client, options) =>
    client.chat.completions.create(
      { model, messages: MESSAGES, stream: true, stream_options: { include_usage: true } },
      options,
    ),
  tool: (client) => client.chat.completions.create({ model, messages: ASKED, tools: TOOLS }),
  structured: (client) => client.chat.completions.create({ model, messages: MESSAGES, response_format: FORMAT }),
});

const openai = {
  ...stainlessChat('openai', 'gpt-4o'),
  embed: (client) => client.embeddings.create({ model: 'text-embedding-3-small', input: [PROMPT] }),
  more: {
    'the raw response': async (client) => {
      const response = await client.chat.completions.create({ model: 'gpt-4o', messages: MESSAGES }).asResponse();
      const { status, type, redirected, bodyUsed } = response;
      return { status, type, redirected, bodyUsed, text: await response.text(), after: response.bodyUsed };
    },
    'the answer with its response': async (client) => {
      const call = client.chat.completions.create({ model: 'gpt-4o', messages: MESSAGES });
      const { data, response } = await call.withResponse();
      return { data, type: response.headers.get('content-type'), used: response.bodyUsed };
    },
    'the helper of streams': async (client) => {
      const events = [];
      const runner = client.chat.completions.stream({ model: 'gpt-4o', messages: MESSAGES });
      runner.on('chunk', (chunk) => events.push(chunk.choices[0]?.delta));
      return { events, final: await runner.finalChatCompletion() };
    },
    'an answer that is parsed': (client) =>
      client.chat.completions.parse({ model: 'gpt-4o', messages: MESSAGES, response_format: FORMAT }),
    'a stream that is split in two': async (client) => {
      const [left, right] = (await openai.stream(client)).tee();
      const of = async (stream) => {
        const chunks = [];
        for await (const chunk of stream) chunks.push(chunk);
        return chunks;
      };
      return Promise.all([of(left), of(right)]);
    },
    'a wrong request': (client) => client.chat.completions.create({ model: 'gpt-4o', messages: MESSAGES, n: 2 }),
    'a request that is no model call': (client) => client.models.retrieve('gpt-4o'),
  },
};

const responses = {
  ...openai,
  create: (client, options) => client.responses.create({ model: 'gpt-4o', input: PROMPT }, options),
  stream: (client, options) => client.responses.create({ model: 'gpt-4o', input: PROMPT, stream: true }, options),
  tool: (client) =>
    client.responses.create({ model: 'gpt-4o', input: ASK, tools: [{ type: 'function', strict: true, ...FUNCTION }] }),
  structured: (client) =>
    client.responses.parse({
      model: 'gpt-4o',
      input: PROMPT,
      text: { format: { type: 'json_schema', name: 'place', schema: SCHEMA, strict: true } },
    }),
  embed: undefined,
  more: {
    'the helper of streams': async (client) => {
      const types = [];
      const stream = client.responses.stream({ model: 'gpt-4o', input: PROMPT });
      for await (const event of stream) types.push(event.type);
      return { types, final: await stream.finalResponse() };
    },
  },
};

const CLAUDE = { model: 'claude-sonnet-4-5', max_tokens: 100 };

const anthropic = {
  from: '@anthropic-ai/sdk',
  provider: 'anthropic',
  model: CLAUDE.model,
  make: async ({ url, maxRetries, timeout }) => {
    const { default: Client } = await import('@anthropic-ai/sdk');
    return new Client({ apiKey: 'k', baseURL: url, maxRetries, timeout });
  },
  create: (client, options) => client.messages.create({ ...CLAUDE, messages: MESSAGES }, options),
  stream: (client, options) => client.messages.create({ ...CLAUDE, messages: MESSAGES, stream: true }, options),
  tool: (client) =>
    client.messages.create({ ...CLAUDE, messages: ASKED, tools: [{ name: 'get_weather', input_schema: SCHEMA }] }),
  structured: (client) =>
    client.messages.create({
      ...CLAUDE,
      messages: MESSAGES,
      tools: [{ name: 'place', input_schema: SCHEMA }],
      tool_choice: { type: 'tool', name: 'place' },
    }),
  more: {
    'the helper of streams': async (client) => {
      const texts = [];
      const stream = client.messages.stream({ ...CLAUDE, messages: MESSAGES });
      stream.on('text', (text) => texts.push(text));
      return { texts, final: await stream.finalMessage() };
    },
    'the raw response': async (client) => {
      const response = await client.messages.create({ ...CLAUDE, messages: MESSAGES }).asResponse();
      return { status: response.status, json: await response.json() };
    },
  },
};

const GEMINI = 'gemini-2.5-flash';

const google = {
  from: '@google/genai',
  provider: 'gcp.gemini',
  model: GEMINI,
  make: async ({ url, maxRetries, timeout }) => {
    const { GoogleGenAI } = await import('@google/genai');
    const retryOptions =
      maxRetries === 0 ? undefined : { attempts: maxRetries + 1, initialDelay: 0.02, maxDelay: 0.05 };
    return new GoogleGenAI({ apiKey: 'k', httpOptions: { baseUrl: url, timeout, retryOptions } });
  },
  create: (client, { signal } = {}) =>
    client.models.generateContent({ model: GEMINI, contents: PROMPT, config: { abortSignal: signal } }),
  stream: (client, { signal } = {}) =>
    client.models.generateContentStream({ model: GEMINI, contents: PROMPT, config: { abortSignal: signal } }),
  tool: (client) =>
    client.models.generateContent({
      model: GEMINI,
      contents: ASK,
      config: { tools: [{ functionDeclarations: [{ name: 'get_weather', parametersJsonSchema: SCHEMA }] }] },
    }),
  structured: (client) =>
    client.models.generateContent({
      model: GEMINI,
      contents: PROMPT,
      config: { responseMimeType: 'application/json', responseJsonSchema: SCHEMA },
    }),
  embed: (client) => client.models.embedContent({ model: 'gemini-embedding-001', contents: PROMPT }),
};

const ollama = {
  from: 'ollama',
  provider: 'ollama',
  model: 'llama3.2',
  make: async ({ url }) => {
    const { Ollama } = await import('ollama');
    return new Ollama({ host: url });
  },
  create: (client) => client.chat({ model: 'llama3.2', messages: MESSAGES }),
  stream: (client) => client.chat({ model: 'llama3.2', messages: MESSAGES, stream: true }),
  tool: (client) => client.chat({ model: 'llama3.2', messages: ASKED, tools: TOOLS }),
  structured: (client) => client.chat({ model: 'llama3.2', messages: MESSAGES, format: SCHEMA }),
  embed: (client) => client.embed({ model: 'llama3.2', input: PROMPT }),
  abort: (client) => client.abort(),
  more: {
    'a text that is completed': (client) => client.generate({ model: 'llama3.2', prompt: PROMPT }),
    'a text that is completed, as a stream': async (client) => {
      const chunks = [];
      for await (const chunk of await client.generate({ model: 'llama3.2', prompt: PROMPT, stream: true }))
        chunks.push(chunk);
      return chunks;
    },
  },
  withoutTries: true,
};

const MISTRAL = 'mistral-small-latest';

const mistral = {
  from: '@mistralai/mistralai',
  provider: 'mistral_ai',
  model: MISTRAL,
  make: async ({ url, maxRetries, timeout }) => {
    const { Mistral } = await import('@mistralai/mistralai');
    const backoff = { initialInterval: 20, maxInterval: 50, exponent: 1.5, maxElapsedTime: 10_000 };
    const retryConfig = maxRetries === 0 ? { strategy: 'none' } : { strategy: 'backoff', backoff };
    return new Mistral({ apiKey: 'k', serverURL: url, timeoutMs: timeout, retryConfig });
  },
  create: (client, fetchOptions) => client.chat.complete({ model: MISTRAL, messages: MESSAGES }, { fetchOptions }),
  stream: (client, fetchOptions) => client.chat.stream({ model: MISTRAL, messages: MESSAGES }, { fetchOptions }),
  tool: (client) => client.chat.complete({ model: MISTRAL, messages: ASKED, tools: TOOLS }),
  structured: (client) =>
    client.chat.complete({
      model: MISTRAL,
      messages: MESSAGES,
      responseFormat: { type: 'json_schema', jsonSchema: { name: 'place', schemaDefinition: SCHEMA } },
    }),
  embed: (client) => client.embeddings.create({ model: 'mistral-embed', inputs: [PROMPT] }),
};

const COHERE = 'command-a-03-2025';

const cohere = {
  from: 'cohere-ai',
  provider: 'cohere',
  model: COHERE,
  make: async ({ url, maxRetries, timeout }) => {
    const { CohereClientV2 } = await import('cohere-ai');
    const request = { maxRetries, timeoutInSeconds: timeout === undefined ? undefined : timeout / 1_000 };
    return { client: new CohereClientV2({ token: 'k', baseUrl: url, environment: url }), request };
  },
  create: ({ client, request }, { signal } = {}) =>
    client.chat({ model: COHERE, messages: MESSAGES }, { ...request, abortSignal: signal }),
  stream: ({ client, request }, { signal } = {}) =>
    client.chatStream({ model: COHERE, messages: MESSAGES }, { ...request, abortSignal: signal }),
  tool: ({ client }) => client.chat({ model: COHERE, messages: ASKED, tools: TOOLS }),
  // Its time limits hold the process for a minute, with or without an observer.
  lingers: true,
  structured: ({ client }) =>
    client.chat({ model: COHERE, messages: MESSAGES, responseFormat: { type: 'json_object', jsonSchema: SCHEMA } }),
};

/** The Vercel AI SDK. `load` gives a function from an address to a model. */
const ai = (provider, model, load, embeds) => ({
  from: 'ai',
  provider,
  model,
  make: async ({ url, maxRetries }) => ({ model: await load(url), embeds: await embeds?.(url), maxRetries }),
  create: async ({ model, maxRetries }, { signal } = {}) => {
    const { generateText } = await import('ai');
    const { text, usage, finishReason, warnings } = await generateText({
      ...{ model, maxRetries, prompt: PROMPT },
      abortSignal: signal,
    });
    return { text, usage, finishReason, warnings };
  },
  stream: async ({ model, maxRetries }, { signal } = {}) => {
    const { streamText } = await import('ai');
    const { fullStream } = streamText({ model, maxRetries, prompt: PROMPT, abortSignal: signal, onError: () => {} });
    return fullStream;
  },
  tool: async ({ model, maxRetries }) => {
    const { generateText, jsonSchema, stepCountIs, tool } = await import('ai');
    const get_weather = tool({ inputSchema: jsonSchema(SCHEMA), execute: ({ city }) => `It rains in ${city}` });
    const stopWhen = stepCountIs(3);
    const { text, steps } = await generateText({ model, maxRetries, prompt: ASK, tools: { get_weather }, stopWhen });
    return { text, steps: steps.map(({ content, usage }) => ({ content, usage })) };
  },
  structured: async ({ model, maxRetries }) => {
    const { generateText, jsonSchema, Output } = await import('ai');
    const output = Output.object({ schema: jsonSchema(SCHEMA) });
    return (await generateText({ model, maxRetries, prompt: PROMPT, output })).output;
  },
  embed:
    embeds &&
    (async ({ embeds: model }) => {
      const { embed } = await import('ai');
      return embed({ model, value: PROMPT });
    }),
  // A break waits for the end of the stream: it has two readers. The AI SDK's users abort.
  breakWaits: true,
  // It gives parts before it sends the request.
  isReply: ({ type }) => type === 'text-delta',
  withoutLimit: true,
});

const aiOpenAI = async (url) => (await import('@ai-sdk/openai')).createOpenAI({ apiKey: 'k', baseURL: `${url}/v1` });
const aiGoogle = async (url) =>
  (await import('@ai-sdk/google')).createGoogleGenerativeAI({ apiKey: 'k', baseURL: `${url}/v1beta` });

const langchain = (provider, model, create, embed) => ({
  from: `@langchain/${provider}`,
  provider,
  model,
  make: ({ url, maxRetries, timeout }) => create(url, { maxRetries, timeout }),
  create: (client, options) => client.invoke(PROMPT, options),
  stream: (client, options) => client.stream(PROMPT, options),
  tool: (client) => client.bindTools([{ name: 'get_weather', description: 'd', schema: SCHEMA }]).invoke(ASK),
  structured: (client) => client.withStructuredOutput({ title: 'place', ...SCHEMA }).invoke(PROMPT),
  embed,
});

const bedrock = {
  // The AWS SDK tells its middleware of no abort, only of the connection that breaks with it.
  breaksOnAbort: true,
  from: '@aws-sdk/client-bedrock-runtime',
  provider: 'aws.bedrock',
  model: 'amazon.nova-lite-v1:0',
  make: async ({ url, maxRetries, timeout, observe }) => {
    const { BedrockRuntimeClient } = await import('@aws-sdk/client-bedrock-runtime');
    const { NodeHttpHandler } = await import('@smithy/node-http-handler');
    const client = new BedrockRuntimeClient({
      ...AWS,
      endpoint: url,
      maxAttempts: maxRetries + 1,
      requestHandler: new NodeHttpHandler({ requestTimeout: timeout, throwOnRequestTimeout: true }),
    });
    observe?.(client);
    return client;
  },
  create: async (client, { signal } = {}) => {
    const { ConverseCommand } = await import('@aws-sdk/client-bedrock-runtime');
    return client.send(new ConverseCommand({ modelId: bedrock.model, messages: BLOCKS }), { abortSignal: signal });
  },
  stream: async (client, { signal } = {}) => {
    const { ConverseStreamCommand } = await import('@aws-sdk/client-bedrock-runtime');
    const command = new ConverseStreamCommand({ modelId: bedrock.model, messages: BLOCKS });
    return (await client.send(command, { abortSignal: signal })).stream;
  },
  tool: async (client) => {
    const { ConverseCommand } = await import('@aws-sdk/client-bedrock-runtime');
    const messages = [{ role: 'user', content: [{ text: ASK }] }];
    const toolSpec = { name: 'get_weather', inputSchema: { json: SCHEMA } };
    return client.send(
      new ConverseCommand({ modelId: bedrock.model, messages, toolConfig: { tools: [{ toolSpec }] } }),
    );
  },
};

/** The same client over `fetch`: it is seen without `observeBedrock`. */
const bedrockOverFetch = {
  ...bedrock,
  breaksOnAbort: false,
  // Its time limit leaves the request open for ever, with or without an observer.
  withoutLimit: true,
  make: async ({ url, maxRetries, timeout }) => {
    const { BedrockRuntimeClient } = await import('@aws-sdk/client-bedrock-runtime');
    const { FetchHttpHandler } = await import('@smithy/fetch-http-handler');
    return new BedrockRuntimeClient({
      ...AWS,
      endpoint: url,
      maxAttempts: maxRetries + 1,
      requestHandler: new FetchHttpHandler({ requestTimeout: timeout }),
    });
  },
};
const AWS = { region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };
const BLOCKS = [{ role: 'user', content: [{ text: PROMPT }] }];

/** Models of embeddings. */
export const EMBEDDERS = ['text-embedding-3-small', 'gemini-embedding-001', 'mistral-embed'];

export const ADAPTERS = {
  'openai chat': openai,
  'openai responses': responses,
  groq: stainlessChat('groq-sdk', 'llama-3.3-70b-versatile', ''),
  anthropic,
  google,
  ollama,
  mistral,
  cohere,
  bedrock,
  'bedrock over fetch': bedrockOverFetch,
  'ai openai responses': ai('openai', 'gpt-4o', async (url) => (await aiOpenAI(url))('gpt-4o')),
  'ai openai chat': ai(
    'openai',
    'gpt-4o',
    async (url) => (await aiOpenAI(url)).chat('gpt-4o'),
    async (url) => (await aiOpenAI(url)).embedding('text-embedding-3-small'),
  ),
  'ai anthropic': ai('anthropic', CLAUDE.model, async (url) => {
    const { createAnthropic } = await import('@ai-sdk/anthropic');
    return createAnthropic({ apiKey: 'k', baseURL: `${url}/v1` })(CLAUDE.model);
  }),
  'ai google': ai(
    'gcp.gemini',
    GEMINI,
    async (url) => (await aiGoogle(url))(GEMINI),
    async (url) => (await aiGoogle(url)).embedding('gemini-embedding-001'),
  ),
  'ai openai-compatible': ai('openai', 'gpt-4o', async (url) => {
    const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
    return createOpenAICompatible({ name: 'own', apiKey: 'k', baseURL: `${url}/v1`, includeUsage: true })('gpt-4o');
  }),
  'langchain openai': langchain(
    'openai',
    'gpt-4o',
    async (baseURL, options) => {
      const { ChatOpenAI } = await import('@langchain/openai');
      const configuration = { baseURL: `${baseURL}/v1` };
      return new ChatOpenAI({ model: 'gpt-4o', apiKey: 'k', configuration, ...options });
    },
    async (_, url) => {
      const { OpenAIEmbeddings } = await import('@langchain/openai');
      const configuration = { baseURL: `${url}/v1` };
      return new OpenAIEmbeddings({ model: 'text-embedding-3-small', apiKey: 'k', configuration }).embedQuery(PROMPT);
    },
  ),
  'langchain anthropic': langchain('anthropic', CLAUDE.model, async (url, { maxRetries, timeout }) => {
    const { ChatAnthropic } = await import('@langchain/anthropic');
    const clientOptions = { timeout };
    return new ChatAnthropic({ model: CLAUDE.model, apiKey: 'k', anthropicApiUrl: url, maxRetries, clientOptions });
  }),
};
