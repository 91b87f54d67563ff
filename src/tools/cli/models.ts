import { type Model, openAICompatible, type PriceTable, REFERENCE_PRICES } from '../../index.ts';
import { foreignMessage, foreignText } from '../../platform/foreign-text.ts';
import { startModelServer } from '../offline-model/model-server.ts';

export interface ModelOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether to use the offline model, also when the environment names another one. */
  readonly offline?: boolean | undefined;
  /** Whether the offline model fails on purpose. */
  readonly chaos?: boolean | undefined;
  /** The address of an offline model that is served already. @default a server is started */
  readonly offlineURL?: string | undefined;
  /** The name of the model for short texts. */
  readonly small?: string | undefined;
  /** The name of the model for long texts. */
  readonly large?: string | undefined;
}

export interface Models {
  readonly small: Model;
  readonly large: Model;
  readonly prices?: PriceTable;
  /** How long a summary is cached, in milliseconds; `undefined` for ever, because a real model costs money. */
  readonly cacheMs?: number;
  /** The address of the offline model, if it is used. */
  readonly offlineURL?: string | undefined;
  /** One or two lines about the models, for the user. */
  readonly about: string;
  /** The error of the last failed call. */
  lastError(): string | undefined;
  close(): Promise<void>;
}

/** The value of a variable; `undefined` where it is unset or blank. */
const textOf = (value: string | undefined) => value?.trim() || undefined;

const OFFLINE_CACHE_MS = 60_000;

/** Whether the offline model is used: on request, or because the environment names no other model. */
export function usesOfflineModel({ env, offline = false }: ModelOptions): boolean {
  return offline || (textOf(env.OPENAI_API_KEY) ?? textOf(env.OPENAI_BASE_URL)) === undefined;
}

/** The models of OPENAI_BASE_URL or OPENAI_API_KEY, if one is set. Otherwise starts the server of the offline models. */
export async function chooseModels(options: ModelOptions): Promise<Models> {
  const { env, chaos = false } = options;
  const apiKey = textOf(env.OPENAI_API_KEY);
  const baseURL = textOf(env.OPENAI_BASE_URL);
  if (!usesOfflineModel(options)) {
    if (chaos)
      throw new Error('--chaos is for the offline model: add --offline, or unset OPENAI_API_KEY and OPENAI_BASE_URL');
    const { small = 'gpt-4o-mini', large = 'gpt-4o' } = options;
    const connect = (model: string) => openAICompatible({ model, baseURL, apiKey });
    const models = withErrorMemory(connect(small), connect(large));
    const about = `${small} and ${large} at ${foreignText(baseURL ?? 'https://api.openai.com/v1')}, at the prices of their provider`;
    return { ...models, about, close: async () => {} };
  }
  const server = options.offlineURL === undefined ? await startModelServer({ chaos }) : undefined;
  const offlineURL = options.offlineURL ?? server?.baseURL;
  const { small = 'offline-small', large = 'offline-large' } = options;
  const connect = (model: string) => openAICompatible({ model, baseURL: offlineURL, provider: 'offline' });
  return {
    ...withErrorMemory(connect(small), connect(large)),
    prices: OFFLINE_PRICES,
    cacheMs: OFFLINE_CACHE_MS,
    offlineURL,
    about:
      `${small} and ${large}: the offline model, which picks sentences and costs nothing${chaos ? ', with chaos' : ''}\n` +
      '         charged at the price list of gpt-3.5-turbo and gpt-4; set OPENAI_API_KEY for a real model',
    close: async () => server?.close(),
  };
}

/** The prices at which calls of the offline model are counted. */
export const OFFLINE_PRICES: PriceTable = {
  'offline-small': REFERENCE_PRICES['openai/gpt-3.5-turbo'],
  'offline-large': REFERENCE_PRICES['openai/gpt-4'],
};

/** Remembers the error of a failed call: the digest continues without the model, and prints the error at the end. */
function withErrorMemory(small: Model, large: Model): Pick<Models, 'small' | 'large' | 'lastError'> {
  let last: string | undefined;
  const rememberErrors = (model: Model): Model => ({
    ...model,
    generate: (request, options) =>
      model.generate(request, options).catch((error: unknown) => {
        if (!options.signal.aborted) last = `${model.id}: ${foreignMessage(error)}`;
        throw error;
      }),
  });
  return { small: rememberErrors(small), large: rememberErrors(large), lastError: () => last };
}
