/** The official client, or one of the user's own, and where it sends its requests. */
import { importError } from '../platform/optional.ts';
import type { ModelServer } from './model.ts';
import { providerOfHost } from './providers.ts';

/** The parts that are used of a client for OpenAI's chat completions: `OpenAI`, `AzureOpenAI`, `Groq`, or one like them. */
export interface OpenAIClient {
  readonly baseURL?: string | undefined;
  readonly chat: { readonly completions: { create(body: never, options?: never): PromiseLike<unknown> } };
}

const OPENAI = 'https://api.openai.com/v1';

/** The server at a URL; without one it is OpenAI's own, as for the client. */
export function serverAt(baseURL: string | undefined): ModelServer {
  const { host, hostname, port } = new URL(baseURL !== undefined && URL.canParse(baseURL) ? baseURL : OPENAI);
  return {
    provider: providerOfHost(host) ?? hostname,
    serverAddress: hostname,
    serverPort: port === '' ? undefined : Number(port),
  };
}

interface Connection {
  readonly baseURL?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Loads the official client. What is not given, it reads from the environment itself. */
export async function connect({ baseURL, apiKey, headers = {} }: Connection): Promise<OpenAIClient> {
  const { default: OpenAI } = await load();
  // The client refuses to start without a key, and would send OpenAI's to any server. Another server has its own, or none.
  const isElsewhere = baseURL !== undefined && serverAt(baseURL).provider !== 'openai';
  const isInHeaders = Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
  const key = apiKey ?? (isElsewhere || isInHeaders ? 'none' : undefined);
  return new OpenAI({
    // The client refuses to start where there is a DOM: a page would show the key to its readers. Node.js with a DOM is a
    // test environment (jsdom, happy-dom).
    dangerouslyAllowBrowser: process.versions.node !== undefined,
    // The client would keep the `fetch` of the first call: one that is replaced later would not see its requests.
    fetch: (url, init) => globalThis.fetch(url, init),
    ...(baseURL === undefined ? {} : { baseURL }),
    ...(key === undefined ? {} : { apiKey: key }),
  });
}

async function load() {
  try {
    return await import('openai');
  } catch (error) {
    throw importError('openAICompatible', ['openai'], error);
  }
}
