import { type Exposition, parseExposition } from '../../src/prometheus/parse.ts';

export { sumOf as total } from '../../src/prometheus/parse.ts';

/** Scrapes an endpoint once. */
export async function scrape(url: string): Promise<Exposition> {
  const response = await fetch(url);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}: ${text}`);
  return parseExposition(text);
}
