/**
 * The text of a run that a search looks into, and the words that are looked for: parts of it, of any length, in any
 * script. Both stores find the same.
 */
import type { RunSummary } from '../model/run.ts';
import type { AttributeValue, StudioSpan } from '../model/span.ts';

/** Of one name, id or message. */
const MAX_LINE = 300;
/** Of all names of a run, in UTF-16 units; those of failed spans have as much again. */
const MAX_NAMES = 6_000;
/** Words of a query beyond these are ignored. */
const MAX_WORDS = 50;

/** Without accents and case, white space and control characters made one space. */
export function fold(text: string): string {
  const plain = /^[\x20-\x7e]*$/.test(text) ? text : withoutAccents(text);
  return plain.toLowerCase().replaceAll(/\s+/g, ' ').trim();
}

function withoutAccents(text: string): string {
  const letters = text
    .toWellFormed()
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u036f]/g, '');
  return letters.normalize('NFC').replaceAll(/\p{Cc}/gu, ' ');
}

/** The words that all must occur, each a part of the text of a run. */
export function wordsOf(text: string): string[] {
  const words = new Set<string>();
  for (const word of fold(text).split(' ')) {
    if (word !== '') words.add(word);
    if (words.size === MAX_WORDS) break;
  }
  return [...words];
}

/** The id of a span, where a word is one: the text of a run does not have those of all its spans. */
export function spanIdIn(word: string): string | undefined {
  return /^[0-9a-f]{16}$/.test(word) ? word : undefined;
}

/** What is always searched: the text of a run has it first. */
export function factsOf(row: RunSummary): string {
  const { traceId, name, workflow, service, session, correlation, tenant, models, tags, failure } = row;
  const ofTags = Object.entries(tags).map(([key, value]) => `${key}=${value}`);
  const facts = [traceId, name, workflow, service, session, correlation, tenant, failure, ...models, ...ofTags];
  return lines(new Set(facts.flatMap((fact) => (fact === null || fact === '' ? [] : [fold(fact.slice(0, MAX_LINE))]))));
}

/** The names, errors and ids of spans, added to those of the spans before. */
export function namesWith(previous: string, spans: readonly StudioSpan[]): string {
  const names = new Set(previous === '' ? [] : previous.split('\n'));
  let length = previous.length;
  for (const span of spans) {
    const room = span.status === 'error' ? 2 * MAX_NAMES : MAX_NAMES;
    for (const text of textsOf(span)) {
      const line = fold(text.slice(0, MAX_LINE));
      if (line === '' || names.has(line) || length + line.length >= room) continue;
      names.add(line);
      length += line.length + 1;
    }
  }
  return lines(names);
}

const lines = (texts: ReadonlySet<string>) => [...texts].join('\n');

/** Keys whose values people look for: names of agents and tools, kinds of errors, and ids of any kind. */
const SOUGHT = /(?:^|[._])(?:id|name|model|type)$/;

function textsOf({ name, statusMessage, attributes, events }: StudioSpan): string[] {
  const texts = [name, statusMessage];
  for (const [key, value] of Object.entries(attributes)) {
    if (SOUGHT.test(key) || key.startsWith('tta.tag.')) texts.push(...textIn(value));
  }
  for (const event of events) {
    for (const key of ['exception.type', 'exception.message']) texts.push(...textIn(event.attributes[key]));
  }
  return texts;
}

const textIn = (value: AttributeValue | undefined) => (typeof value === 'string' ? [value] : []);

/**
 * The words as a query of FTS5 whose tokens are three characters each: it narrows down to runs that have these threes,
 * anywhere. `undefined` where no word has three characters.
 */
export function threesOf(words: readonly string[]): string | undefined {
  const threes = new Set<string>();
  for (const word of words) {
    const characters = [...word];
    for (let at = 0; at + 3 <= characters.length && threes.size < 100; at++) {
      threes.add(
        `"${characters
          .slice(at, at + 3)
          .join('')
          .replaceAll('"', '""')}"`,
      );
    }
  }
  return threes.size === 0 ? undefined : [...threes].join(' AND ');
}
