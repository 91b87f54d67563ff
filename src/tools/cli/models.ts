import { type Model, openAICompatible, type PriceTable, REFERENCE_PRICES } from '../../index.ts';
import { startModelServer } from '../offline-model/model-server.ts';

export interface ModelWishes {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Take the offline model whatever the environment says. */
  readonly offline?: boolean | undefined;
  /** Let the offline model misbehave. */
  readonly chaos?: boolean | undefined;
  readonly small?: string | undefined;
  readonly large?: string | undefined;
}

export interface Models {
  readonly small: Model;
  readonly large: Model;
  readonly prices?: PriceTable;
  /** How long a summary is good for, in milliseconds; for ever where asking again would cost real money. */
  readonly cacheMs?: number;
  /** What the user should know about them. */
  readonly about: string;
  /** What the last call that failed failed with. */
  lastError(): string | undefined;
  close(): Promise<void>;
}

const OFFLINE_CACHE_MS = 60_000;

/** Whether the offline model is wanted, or there is no other. */
export function takesOffline({ env, offline = false }: ModelWishes): boolean {
  return offline || !(env.OPENAI_API_KEY || env.OPENAI_BASE_URL);
}

/** The models behind OPENAI_BASE_URL or OPENAI_API_KEY where one is set, else the offline ones of a server of our own. */
export async function chooseModels(wishes: ModelWishes): Promise<Models> {
  const { env, chaos = false } = wishes;
  const apiKey = env.OPENAI_API_KEY || undefined;
  const baseURL = env.OPENAI_BASE_URL || undefined;
  if (!takesOffline(wishes)) {
    if (chaos)
      throw new Error('--chaos is for the offline model: add --offline, or unset OPENAI_API_KEY and OPENAI_BASE_URL');
    const { small = 'gpt-4o-mini', large = 'gpt-4o' } = wishes;
    const connect = (model: string) => openAICompatible({ model, baseURL, apiKey });
    const models = watched(connect(small), connect(large));
    const about = `${small} and ${large} at ${withoutCredentials(baseURL ?? 'https://api.openai.com/v1')}, at the prices of their provider`;
    return { ...models, about, close: async () => {} };
  }
  const server = await startModelServer({ chaos });
  const { small = 'offline-small', large = 'offline-large' } = wishes;
  const connect = (model: string) => openAICompatible({ model, baseURL: server.baseURL, provider: 'offline' });
  return {
    ...watched(connect(small), connect(large)),
    prices: OFFLINE_PRICES,
    cacheMs: OFFLINE_CACHE_MS,
    about:
      `${small} and ${large}: the offline model, which picks sentences and costs nothing${chaos ? ', with chaos' : ''}\n` +
      '         charged at the price list of gpt-3.5-turbo and gpt-4; set OPENAI_API_KEY for a real model',
    close: server.close,
  };
}

/** What the calls of the offline model are counted at. */
export const OFFLINE_PRICES: PriceTable = {
  'offline-small': REFERENCE_PRICES['openai/gpt-3.5-turbo'],
  'offline-large': REFERENCE_PRICES['openai/gpt-4'],
};

function withoutCredentials(address: string): string {
  const url = new URL(address);
  url.username = '';
  url.password = '';
  return url.href;
}

/** Remembers why a call failed: the digest goes on without, and its user wants to know. */
function watched(small: Model, large: Model): Pick<Models, 'small' | 'large' | 'lastError'> {
  let last: string | undefined;
  const watch = (model: Model): Model => ({
    ...model,
    generate: (request, options) =>
      model.generate(request, options).catch((error: unknown) => {
        if (!options.signal.aborted) last = `${model.id}: ${error instanceof Error ? error.message : String(error)}`;
        throw error;
      }),
  });
  return { small: watch(small), large: watch(large), lastError: () => last };
}
