/** The options of `openAICompatible`, and their rules. */
import { checkOptions, fail, type Rule, type Rules } from '../core/check.ts';
import { optional, secretText, word } from '../core/rules.ts';
import { isPlain, measure } from '../core/show.ts';
import type { OpenAIClient } from './openai-client.ts';

export interface OpenAICompatibleOptions {
  /** The model to ask, for example `gpt-4o-mini`; for Azure the deployment. */
  readonly model: string;
  /**
   * A client of your own: `new OpenAI({ … })`, `new AzureOpenAI({ … })`, or one like them. It has its own key and address.
   * @default the official client, loaded at the first call
   */
  readonly client?: OpenAIClient | undefined;
  /** The URL of the API. @default what the client reads from `OPENAI_BASE_URL`, or OpenAI's own */
  readonly baseURL?: string | undefined;
  /** The key of the API. @default what the client reads from `OPENAI_API_KEY`; for a `baseURL` that is not OpenAI's, none */
  readonly apiKey?: string | undefined;
  /** The provider in metrics and prices. @default that of the host in `TTA_MODEL_HOSTS`, or its own: `openai`, `groq`, ..., or the host's name */
  readonly provider?: string | undefined;
  /** Headers for every request, such as `{ 'x-team': 'search' }`. @default none */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Fields for the body of every request, such as `{ reasoning_effort: 'low' }`. The limit of tokens, the temperature and
   * `topP` of a request take the place of a field that says the same. The limit is sent as `max_completion_tokens` to OpenAI
   * and Azure, as `max_tokens` to others, or as the one of the two that is here. Streams ask for their usage; a server that
   * does not know that takes `stream_options: null`. @default none
   */
  readonly body?: Readonly<Record<string, unknown>> | undefined;
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

const ownClient: Rule<OpenAIClient> = (where, option, value) => {
  const { chat } = (value ?? {}) as Partial<OpenAIClient>;
  if (typeof chat?.completions?.create !== 'function') {
    fail(where, option, 'must be a client with chat.completions.create, for example new OpenAI()', value);
  }
};

const headers: Rule<Readonly<Record<string, string>>> = (where, option, value) => {
  if (!isPlain(value)) fail(where, option, "must be an object such as { 'x-team': 'search' }", value);
  for (const [name, each] of Object.entries(value)) {
    secretText(where, `${option}[${JSON.stringify(name)}]`, each);
    // The error of `Headers` quotes the value.
    try {
      new Headers([[name, each as string]]);
    } catch {
      throw new TypeError(`${where}: ${option} has a name or a value that no header may have: ${JSON.stringify(name)}`);
    }
  }
};

const SAID_ELSEWHERE: Readonly<Record<string, string>> = {
  model: 'give it as the option model',
  messages: 'they come with each request',
  stream: 'llmStream streams, llm does not',
};

const body: Rule<Readonly<Record<string, unknown>>> = (where, option, value) => {
  if (!isPlain(value)) fail(where, option, "must be an object such as { reasoning_effort: 'low' }", value);
  for (const [field, hint] of Object.entries(SAID_ELSEWHERE)) {
    if (Object.hasOwn(value, field)) throw new TypeError(`${where}: ${option}.${field} has no effect: ${hint}`);
  }
};

const WHERE = 'OpenAICompatibleOptions';

const RULES: Rules<OpenAICompatibleOptions> = {
  model: word,
  client: optional(ownClient),
  baseURL: optional(httpUrl),
  apiKey: optional(secretText),
  provider: optional(word),
  headers: optional(headers),
  body: optional(body),
};

/** @throws TypeError when an option is wrong, or has no effect beside another one */
export function requireOptions(options: OpenAICompatibleOptions): void {
  checkOptions(WHERE, options, RULES);
  for (const option of ['baseURL', 'apiKey'] as const) {
    if (options.client === undefined || options[option] === undefined) continue;
    throw new TypeError(`${WHERE}: ${option} has no effect beside client, which has its own`);
  }
}
