/** Which address belongs to which protocol. */
import type { Picked } from '../pick.ts';
import type { RequestFacts, WireRequest } from '../protocol.ts';
import type { ReplyProtocol } from '../reply-protocol.ts';
import { aiGateway, aiGatewayEmbed } from './ai-gateway.ts';
import { anthropicMessages } from './anthropic-messages.ts';
import { bedrockConverse } from './bedrock-converse.ts';
import { cohereChat, cohereEmbed } from './cohere-chat.ts';
import { googleEmbed, googleGenerate } from './google-generate.ts';
import { ollamaChat, ollamaEmbed } from './ollama.ts';
import { openaiChat } from './openai-chat.ts';
import { openaiEmbeddings } from './openai-embeddings.ts';
import { openaiResponses } from './openai-responses.ts';

export interface Route {
  readonly name: string;
  readonly operation: RequestFacts['operation'];
  /** The end of the path. Without groups of its own. */
  readonly path: string;
  readonly reply: ReplyProtocol;
  /** Whether a request with this path is one, on a host that is in no list: many paths are anybody's. */
  looksRight(request: WireRequest, picked: Picked): boolean;
  /** @default by `stream` in the body */
  readonly streams?: (request: WireRequest, picked: Picked) => boolean | undefined;
  /** The model outside of the body, as it is written there. */
  readonly model?: (request: WireRequest) => string | undefined;
  /** A stream has its usage only if the request asks for it. */
  readonly mustAskForUsage?: true;
}

const inPath =
  (pattern: RegExp) =>
  ({ url }: WireRequest) =>
    pattern.exec(url.pathname)?.[1];
const googleModel = inPath(/\/(?:models|endpoints|tunedModels)\/([^/:]+):\w+\/*$/);
const bedrockModel = inPath(/\/model\/([^/]+)\/[\w-]+\/*$/);
const deployment = inPath(/\/deployments\/([^/]+)\//);

const has = ({ values, lengths }: Picked, ...keys: readonly string[]) =>
  keys.every((key) => lengths.has(key) || typeof values.get(key) === 'string');
const never = () => false;
const GATEWAY_MODEL = 'ai-language-model-id';

export const ROUTES: readonly Route[] = [
  {
    ...{ name: 'openai.chat', operation: 'chat', path: '/chat/completions', reply: openaiChat, mustAskForUsage: true },
    looksRight: (request, picked) =>
      has(picked, 'messages') && (has(picked, 'model') || deployment(request) !== undefined),
    model: deployment,
  },
  {
    ...{ name: 'openai.completions', operation: 'text_completion', path: '/completions', reply: openaiChat },
    ...{ looksRight: (_, picked) => has(picked, 'prompt', 'model'), model: deployment, mustAskForUsage: true },
  },
  {
    ...{ name: 'openai.responses', operation: 'chat', path: '/responses', reply: openaiResponses },
    looksRight: (_, picked) => has(picked, 'model', 'input'),
  },
  {
    ...{ name: 'openai.embeddings', operation: 'embeddings', path: '/embeddings', reply: openaiEmbeddings },
    ...{ looksRight: (_, picked) => has(picked, 'model', 'input'), model: deployment, streams: never },
  },
  {
    ...{ name: 'anthropic.messages', operation: 'chat', path: '/v1/messages', reply: anthropicMessages },
    looksRight: (request, picked) =>
      request.header('anthropic-version') !== undefined && has(picked, 'messages', 'model'),
  },
  {
    ...{ name: 'anthropic.messages', operation: 'chat', reply: anthropicMessages },
    // At Google's Vertex.
    ...{ path: '/anthropic/models/[^/]+:(?:streamR|r)awPredict', model: googleModel },
    looksRight: (_, picked) => has(picked, 'messages'),
    streams: ({ url }) => url.pathname.includes(':stream'),
  },
  {
    // At Bedrock.
    ...{ name: 'anthropic.messages', operation: 'chat', reply: anthropicMessages, model: bedrockModel },
    path: '/model/[^/]*anthropic[^/]*/invoke(?:-with-response-stream)?',
    looksRight: (_, picked) => has(picked, 'messages'),
    streams: ({ url }) => url.pathname.includes('/invoke-with'),
  },
  {
    ...{ name: 'google.generate', operation: 'generate_content', reply: googleGenerate, model: googleModel },
    path: '/(?:models|endpoints|tunedModels)/[^/:]+:(?:g|streamG)enerateContent',
    looksRight: (_, picked) => has(picked, 'contents'),
    streams: ({ url }) => url.pathname.includes(':stream'),
  },
  {
    ...{ name: 'google.embed', operation: 'embeddings', reply: googleEmbed, model: googleModel, streams: never },
    path: '/(?:models|endpoints|tunedModels)/[^/:]+:(?:e|batchE)mbedContents?',
    looksRight: (_, picked) => has(picked, 'content') || has(picked, 'requests'),
  },
  {
    ...{ name: 'ollama.chat', operation: 'chat', path: '/api/chat', reply: ollamaChat, streams: unlessRefused },
    looksRight: ({ url }, picked) => isOllama(url) && has(picked, 'model', 'messages'),
  },
  {
    ...{ name: 'ollama.generate', operation: 'text_completion', path: '/api/generate', reply: ollamaChat },
    ...{ looksRight: ({ url }, picked) => isOllama(url) && has(picked, 'model', 'prompt'), streams: unlessRefused },
  },
  {
    ...{ name: 'ollama.embed', operation: 'embeddings', path: '/api/embed(?:dings)?', reply: ollamaEmbed },
    ...{ looksRight: ({ url }, picked) => isOllama(url) && has(picked, 'model'), streams: never },
  },
  {
    ...{ name: 'cohere.chat', operation: 'chat', path: '/v2/chat', reply: cohereChat, looksRight: never },
  },
  {
    ...{ name: 'cohere.embed', operation: 'embeddings', path: '/v2/embed', reply: cohereEmbed },
    ...{ looksRight: never, streams: never },
  },
  {
    ...{ name: 'bedrock.converse', operation: 'chat', reply: bedrockConverse, model: bedrockModel },
    path: '/model/[^/]+/converse(?:-stream)?',
    looksRight: (_, picked) => has(picked, 'messages'),
    streams: ({ url }) => url.pathname.includes('/converse-stream'),
  },
  {
    ...{ name: 'ai-gateway.chat', operation: 'chat', path: '/language-model', reply: aiGateway },
    looksRight: (request, picked) => request.header(GATEWAY_MODEL) !== undefined && has(picked, 'prompt'),
    model: (request) => request.header(GATEWAY_MODEL),
    streams: (request) => request.header('ai-language-model-streaming') === 'true',
  },
  {
    ...{ name: 'ai-gateway.embed', operation: 'embeddings', path: '/embedding-model', reply: aiGatewayEmbed },
    looksRight: (request) => request.header('ai-embedding-model-specification-version') !== undefined,
    ...{ model: (request) => request.header('ai-model-id'), streams: never },
  },
];

/** Ollama streams unless the request says no. */
function unlessRefused(_: WireRequest, { values, lengths }: Picked): boolean | undefined {
  const isKnown = values.size > 0 || lengths.size > 0;
  return isKnown ? values.get('stream') !== false : undefined;
}

function isOllama(url: URL): boolean {
  return url.port === '11434';
}

const PATHS = new RegExp(`(?:${ROUTES.map(({ path }) => `(${path})`).join('|')})/*$`);

/** The route of a path, by one search. */
export function routeOf(path: string): Route | undefined {
  const match = PATHS.exec(path);
  return match === null ? undefined : ROUTES[match.slice(1).findIndex((group) => group !== undefined)];
}
