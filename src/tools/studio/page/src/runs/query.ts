/** The filter as one line of text, as the reader types it: `status:failure workflow:digest >2s >$0.01 gateway`. */
import type { RunFilter, Sort } from '../../../model/filter.ts';
import { SORTS } from '../../../model/filter.ts';
import { entryOf } from '../../../model/read.ts';
import { RUN_KINDS, RUN_STATUSES, type RunStatus } from '../../../model/run.ts';

type Draft = { -readonly [Key in keyof RunFilter]: RunFilter[Key] };

export interface ParsedQuery {
  readonly filter: RunFilter;
  /** What was not understood, and what would be; empty when all was. */
  readonly problem: string;
}

/** Keys that take a text as it is. */
export const TEXT_KEYS = ['workflow', 'service', 'model', 'session', 'correlation', 'tenant'] as const;
/** Other words for a status. */
const STATUS_WORDS: Readonly<Record<string, readonly RunStatus[]>> = {
  failed: ['failure', 'timeout', 'rejected'],
  error: ['failure', 'timeout', 'rejected'],
  ok: ['success'],
};
/** What is compared: the number of its units in one of the filter's. */
const MEASURES = {
  duration: { ends: 'DurationMs', units: { us: 0.001, µs: 0.001, ms: 1, s: 1e3, m: 60e3, min: 60e3, h: 3.6e6 } },
  dollars: { ends: 'Dollars', units: { $: 1, '': 1 } },
  tokens: { ends: 'Tokens', units: { '': 1, tok: 1, token: 1, tokens: 1, k: 1e3, ktok: 1e3 } },
} as const;
type Measure = keyof typeof MEASURES;

const WORD = /(?:[^\s"]|"(?:[^"\\]|\\.)*"?)+/g;
const KEYED = /^((?:[^:"]|"(?:[^"\\]|\\.)*")+):(.+)$/s;
const COMPARED = /^(?:(duration|dollars|cost|tokens):?)?([<>])=?\s*(\$?)(\d*[.,]?\d+)\s*(\$|[a-zµ]*)$/i;

/** @param nowMs for `since:1h`, which becomes a moment */
export function parseQuery(text: string, nowMs: number): ParsedQuery {
  const filter: Draft = {};
  const free: string[] = [];
  const problems: string[] = [];
  for (const word of text.match(WORD) ?? []) {
    const problem = readWord(word, filter, nowMs);
    if (problem === undefined) free.push(unquoted(word));
    else if (problem !== '') problems.push(problem);
  }
  if (free.length > 0) filter.text = free.join(' ');
  return { filter, problem: problems.join(' ') };
}

/** Returns what is wrong, an empty text when nothing is, and `undefined` for a word that is just a word. */
function readWord(word: string, filter: Draft, nowMs: number): string | undefined {
  const compared = COMPARED.exec(word);
  if (compared !== null) return readComparison(compared, filter);
  const [, start = '', rest = ''] = KEYED.exec(word) ?? [];
  const [key, value] = [unquoted(start), unquoted(rest)];
  if (key.startsWith('tag.') && key.length > 4) {
    filter.tags = { ...filter.tags, [key.slice(4)]: value };
    return '';
  }
  const textKey = TEXT_KEYS.find((each) => each === key);
  if (textKey !== undefined) {
    filter[textKey] = value;
    return '';
  }
  const values = value.split(',');
  if (key === 'status') {
    const named = values.flatMap(
      (each) => entryOf(STATUS_WORDS, each) ?? RUN_STATUSES.filter((status) => status === each),
    );
    filter.status = RUN_STATUSES.filter((each) => named.includes(each) || filter.status?.includes(each));
    return named.length > 0 ? '' : `A status is one of ${RUN_STATUSES.join(', ')}.`;
  }
  if (key === 'kind') {
    filter.kinds = RUN_KINDS.filter((each) => values.includes(each));
    return filter.kinds.length > 0 ? '' : `A kind is one of ${RUN_KINDS.join(', ')}.`;
  }
  if (key === 'sort') {
    const sort = SORTS.find((each) => each === value);
    if (sort !== undefined) filter.sort = sort;
    return sort === undefined ? `The order is one of ${SORTS.join(', ')}.` : '';
  }
  if (key === 'from' || key === 'to') {
    // A day begins in the reader's zone.
    const ms = Date.parse(/^\d{4}-\d\d-\d\d$/.test(value) ? `${value}T00:00` : value);
    if (Number.isNaN(ms)) return `${key}: takes a time such as 2026-11-26T14:30.`;
    filter[key === 'from' ? 'fromMs' : 'toMs'] = ms;
    return '';
  }
  if (key === 'since') {
    const [, count = '', unit = ''] = /^(\d+)(m|h|d)$/.exec(value) ?? [];
    if (count === '') return 'since: takes a time span such as 15m, 1h or 7d.';
    filter.fromMs = nowMs - Number(count) * { m: 60_000, h: 3_600_000, d: 86_400_000 }[unit as 'm' | 'h' | 'd'];
    return '';
  }
  return undefined;
}

function readComparison([, name, sign, dollar, digits = '', unit = '']: RegExpExecArray, filter: Draft): string {
  const written = (dollar || unit).toLowerCase();
  const measures = Object.keys(MEASURES) as Measure[];
  const named = name?.toLowerCase() === 'cost' ? 'dollars' : measures.find((each) => each === name?.toLowerCase());
  const measure = named ?? measures.find((each) => written !== '' && Object.hasOwn(MEASURES[each].units, written));
  const units: Readonly<Record<string, number>> = measure === undefined ? {} : MEASURES[measure].units;
  const factor = entryOf(units, written);
  if (measure === undefined || factor === undefined) {
    return 'A comparison has a unit: >500ms, >2s, >$0.01 or >1000tokens.';
  }
  filter[`${sign === '>' ? 'min' : 'max'}${MEASURES[measure].ends}`] = Number(digits.replace(',', '.')) * factor;
  return '';
}

/** The line that `parseQuery` reads as this filter. */
export function formatQuery(filter: RunFilter): string {
  const words: string[] = [];
  const add = (key: string, value: string | undefined) => {
    if (value !== undefined && value !== '') words.push(`${key}:${quoted(value)}`);
  };
  add('status', filter.status?.join(','));
  for (const key of TEXT_KEYS) add(key, filter[key]);
  for (const [key, value] of Object.entries(filter.tags ?? {})) {
    words.push(`tag.${key.includes(':') ? `"${escaped(key)}"` : quoted(key)}:${quoted(value)}`);
  }
  const compare = (min: number | undefined, max: number | undefined, write: (value: number) => string) => {
    if (min !== undefined) words.push(`>${write(min)}`);
    if (max !== undefined) words.push(`<${write(max)}`);
  };
  compare(filter.minDurationMs, filter.maxDurationMs, writeDuration);
  compare(filter.minDollars, filter.maxDollars, (value) => `$${plain(value)}`);
  compare(filter.minTokens, filter.maxTokens, (value) => `${plain(value)}tokens`);
  if (filter.fromMs !== undefined) add('from', localTime(filter.fromMs));
  if (filter.toMs !== undefined) add('to', localTime(filter.toMs));
  add('kind', filter.kinds?.join(','));
  add('sort', filter.sort);
  // Words that could be read as something else are quoted one by one.
  for (const word of filter.text?.split(/\s+/) ?? []) {
    if (word !== '') words.push(readWord(word, {}, 0) === undefined ? quoted(word) : `"${escaped(word)}"`);
  }
  return words.join(' ');
}

export const SORT_WORDS: Readonly<Record<Sort, string>> = {
  newest: 'Newest',
  duration: 'Slowest',
  dollars: 'Costliest',
  tokens: 'Most tokens',
  errors: 'Most errors',
};

function unquoted(text: string): string {
  return text.replace(/"((?:[^"\\]|\\.)*)"?/g, (_, inside: string) => inside.replace(/\\(.)/g, '$1'));
}

export function quoted(text: string): string {
  return text === '' || /[\s"\\]/.test(text) ? `"${escaped(text)}"` : text;
}

function escaped(text: string): string {
  return text.replace(/["\\]/g, '\\$&');
}

function writeDuration(ms: number): string {
  return ms >= 1_000 && ms % 100 === 0 ? `${plain(ms / 1_000)}s` : `${plain(ms)}ms`;
}

/** Without an exponent. */
function plain(value: number): string {
  return value.toLocaleString('en-US', { useGrouping: false, maximumFractionDigits: 12 });
}

/** `2026-11-26T14:30:00` in the reader's zone. */
function localTime(ms: number): string {
  const time = new Date(ms);
  if (Number.isNaN(time.getTime())) return String(ms);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  const rest = time.getMilliseconds();
  return `${day}T${clock}${rest === 0 ? '' : `.${String(rest).padStart(3, '0')}`}`;
}
