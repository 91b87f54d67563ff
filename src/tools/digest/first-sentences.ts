import { linesOf } from './lines.ts';

const MAX_LENGTH = 400;
/** The start of a paragraph that is no sentence: indented code, a table, a quote, HTML, a list or a rule. */
const NOT_PROSE = /^(?: {4}|\t| {0,3}(?:\||>|<|[-*+]\s|\d+[.)]\s|[-=*_]{3,}))/;
const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });

/**
 * The first two sentences of a Markdown or plain text, at most 400 characters of them. They replace the summary when
 * no model answers.
 *
 * @throws Error when the text has no sentence
 */
export function firstSentences(text: string): string {
  const prose = linesOf(text)
    .map((line) => (line.code || line.heading !== undefined ? '' : line.text))
    .join('\n')
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replace(/^\n/, ''))
    .find((paragraph) => !NOT_PROSE.test(paragraph) && /\p{L}{2}/u.test(paragraph));
  if (prose === undefined) throw new Error('no model answered, and the text has no sentence of its own to quote');
  const line = prose
    .slice(0, 4 * MAX_LENGTH)
    .replace(/\s+/g, ' ')
    .trim();
  const sentences = [...segmenter.segment(line)].slice(0, 2).map(({ segment }) => segment);
  const quote = sentences.join('').trim();
  return quote.length <= MAX_LENGTH ? quote : `${quote.slice(0, MAX_LENGTH).replace(/\s\S*$|[\uD800-\uDBFF]$/, '')}…`;
}
