/** What could stand at the end of the filter's line. */
import type { FacetsAnswer } from '../../../api.ts';
import { SORTS } from '../../../model/filter.ts';
import { entryOf } from '../../../model/read.ts';
import { RUN_STATUSES } from '../../../model/run.ts';
import { quoted } from './query.ts';

export interface Suggestion {
  /** The whole word. One that ends with a colon is the start of one. */
  readonly word: string;
  readonly note: string;
}

const MOST = 8;

const STARTS: readonly Suggestion[] = [
  { word: 'status:', note: 'failure, running, success, …' },
  { word: 'workflow:', note: 'its name' },
  { word: '>2s', note: 'slower than; <2s faster' },
  { word: '>$0.01', note: 'dearer than' },
  { word: '>1000tokens', note: 'more tokens than' },
  { word: 'since:1h', note: 'also 15m, 7d; or from: and to:' },
  { word: 'model:', note: 'that answered' },
  { word: 'tag.', note: 'a tag of the context' },
  { word: 'session:', note: 'its id' },
  { word: 'correlation:', note: 'the correlation id' },
  { word: 'service:', note: 'service.name' },
  { word: 'tenant:', note: 'who pays' },
  { word: 'sort:', note: SORTS.join(', ') },
];

/** The word that is being typed: after the last space that is not in quotes. */
const LAST_WORD = /(?:[^\s"]|"[^"]*"?)*$/;

export function suggest(line: string, facets: FacetsAnswer): readonly Suggestion[] {
  const word = LAST_WORD.exec(line)?.[0] ?? '';
  const tagStart = 'tag.';
  const values: Readonly<Record<string, readonly string[]>> = {
    status: RUN_STATUSES,
    workflow: facets.workflows,
    service: facets.services,
    model: facets.models,
    tenant: facets.tenants,
    sort: SORTS,
    ...Object.fromEntries(Object.entries(facets.tags).map(([key, each]) => [`${tagStart}${key}`, each])),
  };
  const colon = word.indexOf(':');
  const typed = word
    .slice(colon + 1)
    .replaceAll('"', '')
    .toLowerCase();
  if (colon > 0) {
    const key = word.slice(0, colon);
    const found = (entryOf(values, key) ?? []).filter((value) => value.toLowerCase().includes(typed));
    return found.slice(0, MOST).map((value) => ({ word: `${key}:${quoted(value)}`, note: '' }));
  }
  const tags = Object.keys(facets.tags).map((key) => ({ word: `${tagStart}${key}:`, note: 'tag' }));
  const starts = word.startsWith(tagStart) ? tags : STARTS;
  return starts
    .filter((each) => each.word.startsWith(word) && each.word !== word)
    .slice(0, word === '' ? STARTS.length : MOST);
}

/** The line with its last word completed, and a space after it unless a value must follow. */
export function completed(line: string, word: string): string {
  const start = line.replace(LAST_WORD, '');
  return `${start}${word}${word.endsWith(':') || word.endsWith('.') ? '' : ' '}`;
}
