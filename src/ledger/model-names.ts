/** The names under which one model appears. */

/** The price catalogue's names of providers: those of the GenAI conventions first, then other libraries' names. */
const CATALOGUE_PROVIDERS: Readonly<Record<string, string>> = {
  'aws.bedrock': 'aws',
  'azure.ai.openai': 'azure',
  'azure.ai.inference': 'azure',
  'gcp.gemini': 'google',
  'gcp.gen_ai': 'google',
  'gcp.vertex_ai': 'google',
  mistral_ai: 'mistral',
  moonshot_ai: 'moonshotai',
  x_ai: 'x-ai',
  amazon_bedrock: 'aws',
  azure_openai: 'azure',
  bedrock: 'aws',
  fireworks_ai: 'fireworks',
  gemini: 'google',
  google_vertex: 'google',
  mistralai: 'mistral',
  moonshot: 'moonshotai',
  together_ai: 'together',
  vertex: 'google',
  vertex_ai: 'google',
  xai: 'x-ai',
};

/** The catalogue's name of a provider. */
export function catalogueProvider(provider: string): string {
  const name = provider.toLowerCase();
  const known = name.replaceAll('-', '_');
  return Object.hasOwn(CATALOGUE_PROVIDERS, known) ? (CATALOGUE_PROVIDERS[known] as string) : name;
}

/** The conventions' name of a provider of the catalogue; the first, if it has several. */
export function conventionProvider(catalogueName: string): string {
  const found = Object.entries(CATALOGUE_PROVIDERS).find(([, name]) => name === catalogueName);
  return found?.[0] ?? catalogueName;
}

/** The name of a model without the path that Google and Bedrock put before it. */
export function plainModel(model: string): string {
  return model.trim().replace(/^(?:arn:.*|(?:.*\/)?models)\//, '');
}

/** The name without the date of its version: `gpt-4o-2024-08-06` is a `gpt-4o`, `gpt-3.5-turbo-0125` a `gpt-3.5-turbo`. */
export function withoutDate(model: string): string {
  return model.replace(/[-@](?:20\d\d-?[01]\d-?[0-3]\d|\d{4})$/, '');
}

/** The name without the date, or the other end, of its version: `mistral-large-latest`, `gemini-2.0-flash-001`. */
export function withoutVersion(model: string): string {
  return withoutDate(model).replace(/-(?:latest|\d{3})$/, '');
}

/** A table's keys for a model at a provider, the most exact first. */
export function keysOf(provider: string, model: string): readonly string[] {
  const plain = plainModel(model);
  const names = [...new Set([model, plain])];
  const providers = [...new Set([provider, catalogueProvider(provider)])];
  return names.flatMap((name) => [...providers.map((each) => `${each}/${name}`), name]);
}
