import { type Exposition, parseExposition, select } from '../../src/prometheus/parse.ts';

/** Reads an endpoint once. */
export async function scrape(url: string): Promise<Exposition> {
  const response = await fetch(url);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}: ${text}`);
  return parseExposition(text);
}

/** The sum of the samples of one name whose labels include these; 0 where there is none. */
export function total(exposition: Exposition, name: string, labels: Readonly<Record<string, string>> = {}): number {
  return select(exposition, name, labels).reduce((sum, { value }) => sum + value, 0);
}
