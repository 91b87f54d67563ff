/** The hosts that clients of models are told of by the environment: OPENAI_BASE_URL, ANTHROPIC_BASE_URL and their like. */
import { httpUrl, textFrom } from './environment.ts';

/** The products whose clients, or whose users' programs, take the address of a server from the environment. */
const PRODUCTS =
  'AI_GATEWAY|ANTHROPIC(?:_(?:BEDROCK|FOUNDRY|VERTEX))?|AZURE_(?:AI|OPENAI)|CEREBRAS|CO|COHERE|DEEPSEEK|FIREWORKS|' +
  '(?:GOOGLE_)?GEMINI|GOOGLE_VERTEX|GROQ|LITELLM|LMSTUDIO|MISTRAL|MOONSHOT|OLLAMA|OPENAI|OPENROUTER|PERPLEXITY|' +
  'TOGETHER|VLLM|XAI';
const SUFFIX = '(?:BASE_URL|API_BASE(?:_URL)?|API_URL|API_HOST|BASE_PATH|ENDPOINT|HOST|PROXY_URL)';
const NAME = new RegExp(`^(?:(?:${PRODUCTS})_(?:API_)?${SUFFIX}|AWS_ENDPOINT_URL_BEDROCK_RUNTIME)$`);

/** As in `URL.host`, each once. A value that is no address is ignored: the client itself says so. */
export function hostsOfClients(): readonly string[] {
  const names = Object.keys(process.env).filter((name) => NAME.test(name));
  return [...new Set(names.flatMap((name) => hostsIn(name, textFrom(name) ?? '')))];
}

function hostsIn(name: string, value: string): readonly string[] {
  const url = value.includes('://') ? httpUrl(value) : httpUrl(`http://${value}`);
  if (url === undefined) return [];
  // Ollama's address may be without a port, and may be the one that its server listens on.
  if (name.startsWith('OLLAMA') && !/:\/\/|:\d+$/.test(value)) url.port = '11434';
  const port = url.port === '' ? '' : `:${url.port}`;
  const isEverywhere = url.hostname === '0.0.0.0' || url.hostname === '[::]';
  return isEverywhere ? [`127.0.0.1${port}`, `localhost${port}`] : [url.host];
}
