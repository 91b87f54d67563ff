import type { OpenAI as Client } from 'openai';
import { checkOptions, type Rule, type Rules } from '../core/check.ts';
import { optional, secretText, word } from '../core/rules.ts';
import { measure } from '../core/show.ts';
import type { Usage } from '../ledger/usage.ts';
import { importOptional } from '../platform/optional.ts';
import { type Model, type ModelChunk, ModelReplyError, type ModelRequest, requireText } from './model.ts';
import { type Completion, type Message, replyOf, textOf, usageOf } from './openai-reply.ts';
import { providerOfHost } from './providers.ts';

export interface OpenAICompatibleOptions {
  /** The model to ask, for example `gpt-4o-mini`. */
  readonly model: string;
  /** The URL of the API. @default `OPENAI_BASE_URL` of the environment, or OpenAI's own */
  readonly baseURL?: string | undefined;
  /** The key of the API. @default `OPENAI_API_KEY` of the environment; a server of your own needs no key */
  readonly apiKey?: string | undefined;
  /** The provider in metrics and prices. @default that of the host: `openai`, `groq`, ..., or the host's name */
  readonly provider?: string | undefined;
}

const httpUrl: Rule<string> = (where, option, value) => {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  // The value is not quoted: it may hold a password or a key.
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new TypeError(
      `${where}: ${option} must be a URL that starts with http:// or https://, such as http://127.0.0.1:11434/v1, got ${measure(value)}`,
    );
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new TypeError(
      `${where}: ${option} must have no user, password, query or fragment: the client cannot send them; give a key as apiKey`,
    );
  }
};

const RULES: Rules<OpenAICompatibleOptions> = {
  model: word,
  baseURL: optional(httpUrl),
  apiKey: optional(secretText),
  provider: optional(word),
};

/**
 * A model behind OpenAI's chat completions API, by the official `openai` client, which is loaded on first use
 * (`npm install openai@6`, or 4.52 to 7). The client's own retries are off: every request is one execution, counted once.
 *
 * @throws TypeError when an option is wrong; at the first call an error with the install line when `openai` is missing
 */
export function openAICompatible(options: OpenAICompatibleOptions): Model {
  checkOptions('OpenAICompatibleOptions', options, RULES);
  const url = urlOf(options);
  const host = url?.hostname ?? 'api.openai.com';
  let connecting: Promise<Client> | undefined;
  const client = (): Promise<Client> => {
    connecting ??= connect(options).catch((error: unknown) => {
      // A key or a package that was missing may be there at the next call.
      connecting = undefined;
      throw error;
    });
    return connecting;
  };
  return {
    provider: options.provider ?? providerOfHost(url?.host ?? host) ?? host,
    id: options.model,
    serverAddress: host,
    serverPort: url === undefined || url.port === '' ? undefined : Number(url.port),
    async generate(request, { signal }) {
      const { chat } = await client();
      try {
        return replyOf(await chat.completions.create(bodyOf(options.model, request), { signal }));
      } catch (error) {
        // For an abort the client throws an error of its own. The caller gets the reason of its signal.
        if (signal.aborted) throw signal.reason;
        throw error;
      }
    },
    stream(request, { signal }) {
      return chunksOf(client, options.model, request, signal);
    },
  };
}

/**
 * The URL that the client will call; `undefined` for OpenAI's own API. The client reads OPENAI_BASE_URL by itself, so that
 * it is read here too: a provider that is not the one called would have the wrong prices.
 */
function urlOf({ baseURL }: OpenAICompatibleOptions): URL | undefined {
  const given = baseURL ?? process.env.OPENAI_BASE_URL?.trim();
  return given !== undefined && URL.canParse(given) ? new URL(given) : undefined;
}

/**
 * An aborted stream of the client ends silently; here it ends with the caller's reason. The client ends silently also where
 * the server has answered with JSON, or has stopped in the middle of the reply: both are errors here.
 */
async function* chunksOf(
  client: () => Promise<Client>,
  model: string,
  request: ModelRequest,
  signal: AbortSignal,
): AsyncGenerator<ModelChunk, void, undefined> {
  const { chat } = await client();
  try {
    const body = { ...bodyOf(model, request), stream: true as const, stream_options: { include_usage: true } };
    const { data: chunks, response } = await chat.completions.create(body, { signal }).withResponse();
    if (response.headers.get('content-type')?.includes('json')) throw await notStreamed(response);
    const message: { -readonly [K in keyof Message]: Message[K] } = {};
    let usage: Usage | undefined;
    let finishReason: string | undefined;
    let hasEnded = false;
    for await (const chunk of chunks) {
      const choice = chunk.choices?.[0];
      const delta: Message = choice?.delta ?? {};
      message.content ||= delta.content ?? message.content;
      message.refusal ||= delta.refusal;
      message.tool_calls ??= delta.tool_calls;
      usage = usageOf(chunk.usage) ?? usage;
      finishReason = choice?.finish_reason ?? finishReason;
      // A chunk that has only the usage is sent after the end of the reply.
      hasEnded ||= finishReason !== undefined || (choice === undefined && Boolean(chunk.usage));
      yield compact({
        text: delta.content ?? undefined,
        usage: usageOf(chunk.usage),
        model: chunk.model,
        id: chunk.id,
        finishReason: choice?.finish_reason ?? undefined,
      });
    }
    if (signal.aborted) throw signal.reason;
    requireText(textOf(message), { finishReason, usage });
    if (!hasEnded) throw new ModelReplyError('the reply was cut off: its stream ended without a finish reason', usage);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw error;
  }
}

async function notStreamed(response: Response): Promise<ModelReplyError> {
  const { usage } = (await response.json()) as Completion;
  return new ModelReplyError('the server answered with JSON, not with the stream that was asked for', usageOf(usage));
}

/** The chunk without its undefined fields: they would overwrite values of an earlier chunk. */
function compact(chunk: ModelChunk): ModelChunk {
  return Object.fromEntries(Object.entries(chunk).filter(([, value]) => value !== undefined));
}

async function connect({ baseURL, apiKey }: OpenAICompatibleOptions): Promise<Client> {
  const { default: OpenAI } = await importOptional('openAICompatible', 'openai', () => import('openai'));
  return new OpenAI({
    maxRetries: 0,
    // The client refuses to start where there is a DOM: a page would show the key to its readers. Node.js with a DOM is a
    // test environment (jsdom, happy-dom).
    dangerouslyAllowBrowser: process.versions.node !== undefined,
    ...(baseURL === undefined ? {} : { baseURL }),
    // The client refuses to start without a key. A server of the user's own needs none.
    ...(apiKey !== undefined ? { apiKey } : baseURL !== undefined ? { apiKey: 'none' } : {}),
  });
}

function bodyOf(model: string, { messages, maxTokens, temperature, topP }: ModelRequest) {
  return {
    model,
    messages: messages.map(({ role, content }) => ({ role, content })),
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
  };
}
