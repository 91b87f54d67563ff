/** The names that other instrumentations have for what the GenAI conventions name, those of newer versions first. */
import { copyText } from '../../../platform/copy-text.ts';
import type { Attributes, AttributeValue, StudioSpan } from '../model/span.ts';

type Read = (attributes: Attributes) => AttributeValue | undefined;
export type Names = Readonly<Record<string, readonly Read[]>>;

/** MLflow writes every value as JSON. */
function unquoted(value: AttributeValue | undefined): AttributeValue | undefined {
  return typeof value === 'string' && /^".*"$/s.test(value) ? copyText(value.slice(1, -1)) : value;
}

const texts = (...names: readonly string[]): Read[] =>
  names.map((name) => (attributes) => {
    return textOf(unquoted(attributes[name]));
  });

const textOf = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

/** Numbers, which some SDKs write as texts. */
function countOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,15}(?:\.\d{1,15})?$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && number >= 0 ? number : undefined;
}

const counts = (...names: readonly string[]): Read[] => names.map((name) => (attributes) => countOf(attributes[name]));

/** Counts in an attribute that is the JSON of an object. */
const inJson =
  (name: string, ...keys: readonly string[]): Read =>
  (attributes) => {
    const object = parsed(attributes[name]);
    return keys.map((key) => countOf(object[key])).find((count) => count !== undefined);
  };

function parsed(value: AttributeValue | undefined): Readonly<Record<string, unknown>> {
  if (typeof value !== 'string' || !value.startsWith('{')) return {};
  try {
    return JSON.parse(value);
  } catch {
    return {};
  }
}

const milliseconds =
  (name: string): Read =>
  (attributes) => {
    const count = countOf(attributes[name]);
    return count === undefined ? undefined : count / 1_000;
  };

/** Of any span. */
export const NAMES: Names = {
  'session.id': texts(
    'ai.telemetry.metadata.sessionId',
    'traceloop.association.properties.session_id',
    'langfuse.session.id',
    'langsmith.trace.session_id',
    'mlflow.trace.session',
  ),
};

/** Of the spans of one operation. */
export const OPERATION_NAMES: Readonly<Record<string, Names>> = {
  execute_tool: {
    'gen_ai.tool.name': texts('ai.toolCall.name', 'tool.name', 'traceloop.entity.name'),
    'gen_ai.tool.call.id': texts('ai.toolCall.id', 'tool_call.id'),
  },
  invoke_agent: {
    'gen_ai.agent.name': texts('ai.telemetry.functionId', 'agent.name', 'agent_name', 'traceloop.entity.name'),
    // The function of the program that calls the Vercel AI SDK, by which its runs are found.
    'gen_ai.workflow.name': texts('ai.telemetry.functionId'),
  },
  invoke_workflow: { 'gen_ai.workflow.name': texts('traceloop.entity.name', 'traceloop.workflow.name') },
};

const LANGFUSE_USAGE = 'langfuse.observation.usage_details';
const MLFLOW_USAGE = 'mlflow.chat.tokenUsage';

/** Of model calls. */
export const MODEL_NAMES: Names = {
  'gen_ai.request.model': [
    ...texts('ai.model.id', 'llm.request.model', 'llm.model_name', 'embedding.model_name', 'mlflow.llm.model'),
    ...texts('langfuse.observation.model.name'),
    // OpenInference has the name of the model only once it has answered.
    (attributes) => textOf(parsed(attributes['llm.invocation_parameters']).model),
  ],
  'gen_ai.response.model': texts('ai.response.model', 'llm.response.model'),
  'gen_ai.response.id': texts('ai.response.id'),
  'gen_ai.usage.input_tokens': [
    ...counts('gen_ai.usage.prompt_tokens', 'llm.usage.prompt_tokens', 'llm.token_count.prompt'),
    ...counts('ai.usage.inputTokens', 'ai.usage.promptTokens', 'ai.usage.tokens'),
    ...[inJson(LANGFUSE_USAGE, 'input', 'prompt_tokens'), inJson(MLFLOW_USAGE, 'input_tokens')],
  ],
  'gen_ai.usage.output_tokens': [
    ...counts('gen_ai.usage.completion_tokens', 'llm.usage.completion_tokens', 'llm.token_count.completion'),
    ...counts('ai.usage.outputTokens', 'ai.usage.completionTokens'),
    ...[inJson(LANGFUSE_USAGE, 'output', 'completion_tokens'), inJson(MLFLOW_USAGE, 'output_tokens')],
  ],
  'gen_ai.usage.cache_read.input_tokens': counts(
    ...['gen_ai.usage.cache_read_input_tokens', 'gen_ai.usage.details.cache_read_tokens'],
    ...['gen_ai.usage.details.cached_tokens', 'llm.token_count.prompt_details.cache_read'],
    ...['ai.usage.inputTokenDetails.cacheReadTokens', 'ai.usage.cachedInputTokens'],
  ),
  'gen_ai.usage.cache_write.input_tokens': counts(
    ...['gen_ai.usage.cache_creation.input_tokens', 'gen_ai.usage.cache_creation_input_tokens'],
    ...['gen_ai.usage.details.cache_write_tokens', 'llm.token_count.prompt_details.cache_write'],
    'ai.usage.inputTokenDetails.cacheWriteTokens',
  ),
  'gen_ai.usage.reasoning.output_tokens': counts(
    ...['gen_ai.usage.reasoning_tokens', 'gen_ai.usage.details.reasoning_tokens'],
    ...['llm.token_count.completion_details.reasoning', 'llm.usage.reasoning_tokens'],
    ...['ai.usage.outputTokenDetails.reasoningTokens', 'ai.usage.reasoningTokens'],
  ),
  'gen_ai.response.time_to_first_chunk': [
    milliseconds('ai.response.msToFirstChunk'),
    ...counts('gen_ai.server.time_to_first_token', 'gen_ai.server.ttft'),
  ],
  // Each is documented as the US dollars of the call.
  'tta.llm.cost_usd': [
    ...counts('gen_ai.usage.cost', 'llm.cost.total', 'operation.cost', 'gen_ai.cost.total_cost'),
    inJson('langfuse.observation.cost_details', 'total'),
  ],
};

/** What the program says of its run, whatever it likes: shown as tags. */
const TAG_PREFIXES = ['ai.telemetry.metadata.', 'traceloop.association.properties.', 'langfuse.trace.metadata.'];

export function tagsOf(attributes: Attributes): Record<string, AttributeValue> {
  const tags: Record<string, AttributeValue> = Object.create(null);
  for (const [name, value] of Object.entries(attributes)) {
    const prefix = TAG_PREFIXES.find((each) => name.startsWith(each));
    if (prefix !== undefined && (typeof value !== 'object' || value === null)) {
      tags[`tta.tag.${copyText(name.slice(prefix.length))}`] = value;
    }
  }
  return tags;
}

/** What a span is, in the words of each. */
const KINDS = [
  ...['gen_ai.operation.name', 'openinference.span.kind', 'traceloop.span.kind', 'llm.request.type'],
  ...['langsmith.span.kind', 'langfuse.observation.type', 'mlflow.spanType', 'mastra.span.type'],
];
const OPERATIONS: Readonly<Record<string, string>> = {
  chat: 'chat',
  llm: 'chat',
  chat_model: 'chat',
  generation: 'chat',
  llm_generation: 'chat',
  model_generation: 'chat',
  completion: 'text_completion',
  embedding: 'embeddings',
  tool: 'execute_tool',
  tool_call: 'execute_tool',
  mcp_tool_call: 'execute_tool',
  agent: 'invoke_agent',
  agent_run: 'invoke_agent',
  workflow: 'invoke_workflow',
  workflow_run: 'invoke_workflow',
};

/** The operation of a span in the GenAI conventions; `undefined` where it has none. */
export function operationOf({ attributes, name }: StudioSpan): string | undefined {
  const vercel = attributes['ai.operationId'];
  if (typeof vercel === 'string') return vercelOperation(vercel, attributes);
  for (const key of KINDS) {
    const kind = unquoted(attributes[key]);
    if (typeof kind !== 'string' || kind === '') continue;
    const word = kind.toLowerCase();
    if (Object.hasOwn(OPERATIONS, word)) return OPERATIONS[word];
    if (key === 'gen_ai.operation.name') return kind;
  }
  // Conventions before 1.29 had no operation.
  const isCall = attributes['gen_ai.system'] !== undefined && attributes['gen_ai.request.model'] !== undefined;
  return isCall ? (/embed/i.test(name) ? 'embeddings' : 'chat') : undefined;
}

function vercelOperation(id: string, attributes: Attributes): string | undefined {
  if (/\.do(?:Generate|Stream)$/.test(id)) return 'chat';
  if (/\.doEmbed$/.test(id)) return 'embeddings';
  if (id === 'ai.toolCall') return 'execute_tool';
  return attributes['ai.model.id'] === undefined || id.includes('.do') ? undefined : 'invoke_agent';
}

const PROVIDERS: Readonly<Record<string, string>> = {
  google: 'gcp.gemini',
  gemini: 'gcp.gemini',
  vertexai: 'gcp.vertex_ai',
  vertex: 'gcp.vertex_ai',
  'amazon-bedrock': 'aws.bedrock',
  bedrock: 'aws.bedrock',
  aws: 'aws.bedrock',
  azure: 'azure.ai.openai',
  'azure-openai': 'azure.ai.openai',
  mistral: 'mistral_ai',
  mistralai: 'mistral_ai',
  xai: 'x_ai',
};
const KNOWN = new Set(Object.values(PROVIDERS));

/** The provider of a model call, by its name in the conventions where that is known. */
export function providerOf(attributes: Attributes): string | undefined {
  const given = ['gen_ai.system', 'ai.model.provider', 'llm.provider', 'llm.system', 'llm.vendor']
    .map((name) => attributes[name])
    .find((value): value is string => typeof value === 'string' && value !== '');
  if (given === undefined) return undefined;
  const name = given.toLowerCase();
  if (KNOWN.has(name)) return name;
  // The Vercel AI SDK adds the interface: `openai.chat`, `google.vertex.chat`.
  const [first = '', second = ''] = name.split('.', 2);
  const found = [`${second}`, first].find((each) => Object.hasOwn(PROVIDERS, each));
  return found === undefined ? copyText(first) : PROVIDERS[found];
}
