/** Which provider a host belongs to. A name outside of the GenAI conventions is the one that the price catalogue has. */

const HOSTS: Readonly<Record<string, string>> = {
  'api.openai.com': 'openai',
  'api.anthropic.com': 'anthropic',
  'generativelanguage.googleapis.com': 'gcp.gemini',
  'openai.azure.com': 'azure.ai.openai',
  'openai.azure.us': 'azure.ai.openai',
  'openai.azure.cn': 'azure.ai.openai',
  'cognitiveservices.azure.com': 'azure.ai.openai',
  'services.ai.azure.com': 'azure.ai.openai',
  'models.ai.azure.com': 'azure.ai.inference',
  'inference.ai.azure.com': 'azure.ai.inference',
  'api.cohere.com': 'cohere',
  'api.cohere.ai': 'cohere',
  'api.deepseek.com': 'deepseek',
  'api.groq.com': 'groq',
  'api.mistral.ai': 'mistral_ai',
  'codestral.mistral.ai': 'mistral_ai',
  'api.moonshot.ai': 'moonshot_ai',
  'api.moonshot.cn': 'moonshot_ai',
  'api.perplexity.ai': 'perplexity',
  'api.x.ai': 'x_ai',
  'ml.cloud.ibm.com': 'ibm.watsonx.ai',
  'openrouter.ai': 'openrouter',
  'api.together.ai': 'together',
  'api.together.xyz': 'together',
  'api.fireworks.ai': 'fireworks',
  'api.cerebras.ai': 'cerebras',
  'api.novita.ai': 'novita',
  'api.voyageai.com': 'voyageai',
  'api.z.ai': 'zai',
  'open.bigmodel.cn': 'zhipuai',
  'api.minimax.io': 'minimax',
  'api.minimaxi.com': 'minimax',
  'api.arcee.ai': 'arcee',
  'api.avian.io': 'avian',
  'oai.endpoints.kepler.ai.cloud.ovh.net': 'ovhcloud',
  'api.deepinfra.com': 'deepinfra',
  'api.sambanova.ai': 'sambanova',
  'api.studio.nebius.com': 'nebius',
  'integrate.api.nvidia.com': 'nvidia',
  'dashscope.aliyuncs.com': 'alibaba',
  'dashscope-intl.aliyuncs.com': 'alibaba',
  'inference.baseten.co': 'baseten',
  'router.huggingface.co': 'huggingface',
  'models.github.ai': 'github',
  'ai-gateway.vercel.sh': 'vercel',
  'gateway.ai.cloudflare.com': 'cloudflare',
  'ollama.com': 'ollama',
};

/** Hosts whose name has the region in the middle. */
const REGIONAL: readonly (readonly [RegExp, string])[] = [
  [
    /(?:^|\.)bedrock-(?:runtime|mantle)(?:-fips)?\.[a-z0-9-]+\.(?:vpce\.)?(?:amazonaws\.com(?:\.cn)?|api\.aws)$/,
    'aws.bedrock',
  ],
  [/^(?:[a-z0-9-]+-)?aiplatform(?:\.[a-z0-9-]+\.rep)?\.googleapis\.com$/, 'gcp.vertex_ai'],
];

const OLLAMA_PORT = '11434';
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * The provider of a host, after the GenAI conventions; `undefined` for a host that is no known provider's.
 *
 * @param host as in `URL.host`, with or without a port
 */
export function providerOfHost(host: string): string | undefined {
  const [, name = '', port] = /^(.*?)\.?(?::(\d+))?$/.exec(host.toLowerCase()) ?? [];
  if (LOOPBACK.test(name)) return port === OLLAMA_PORT ? 'ollama' : undefined;
  return ownerOf(name) ?? REGIONAL.find(([pattern]) => pattern.test(name))?.[1];
}

/** Providers that say in each reply what it costs. */
const STATES_COST: readonly (string | undefined)[] = ['openrouter', 'vercel'];

/** Whether the dollars that a provider states in its own hosts' replies are believed. */
export function statesCost(provider: string | undefined): boolean {
  return STATES_COST.includes(provider);
}

/** The provider that has this name, or a domain above it: resources and regions are names below the provider's. */
function ownerOf(name: string): string | undefined {
  for (let domain = name; domain.includes('.'); domain = domain.slice(domain.indexOf('.') + 1)) {
    if (Object.hasOwn(HOSTS, domain)) return HOSTS[domain];
  }
  return undefined;
}
