import { type Block, readMarkdown } from './markdown.ts';
import { splitSentences, splitWords } from './sentences.ts';

interface Candidate {
  readonly text: string;
  readonly words: ReadonlySet<string>;
  /** The factor for the position and form of the sentence. It multiplies the score of the words. */
  readonly factor: number;
}

const STOP_WORDS = new Set(
  `the and for are was were has have had not but you your its this that these those with from into than then they them
  their there which who whose what when where will would can could should may might must been being also only such
  each other some any all more most very just about over after before between both does did our out one how too use`.split(
    /\s+/,
  ),
);

/** Sentences with fewer or more words get a lower score. */
const SHORT_WORDS = 6;
const LONG_WORDS = 28;
/** A longer sentence, in characters, is a log or a minified file: only its start is used. */
const LONGEST_SENTENCE = 500;
/** From 0.5, where long sentences always win, to 1, where short sentences always win. */
const LENGTH_NORM = 0.75;
const REDUNDANCY_PENALTY = 0.8;
/** From this share of common words on, two sentences count as equal. */
const DUPLICATE_OVERLAP = 0.95;
const HEADING_BONUS = 1.5;

/**
 * An extractive summary: the most important sentences of a Markdown or plain text, in the order of the text. The
 * weight of a word grows with the number of its occurrences and with the rarity of sentences that have it. The score
 * of a sentence is the sum of the weights of its words, and is lower when a chosen sentence has the same words. Equal
 * texts give equal summaries. The time is linear in the length of the text.
 *
 * @param sentences the largest number of sentences
 */
export function summarise(text: string, sentences: number): string {
  const blocks = readMarkdown(text);
  const candidates = blocks.flatMap(toCandidates);
  if (candidates.length === 0) return outline(blocks, sentences);
  const weights = weighWords(candidates, blocks);
  const scores = candidates.map(({ words, factor }) => {
    let sum = 0;
    for (const word of words) sum += weights.get(word) ?? 0;
    return (factor * sum) / (words.size + 4) ** LENGTH_NORM;
  });
  return joinSentences(choose(candidates, scores, sentences).map((index) => candidates[index]?.text ?? ''));
}

function toCandidates(block: Block, position: number): Candidate[] {
  if (block.kind !== 'prose' && block.kind !== 'item') return [];
  return splitSentences(block.text).flatMap((sentence, index) => {
    const words = splitWords(sentence);
    if (words.length === 0) return [];
    let factor = block.kind === 'item' ? 0.8 : 1;
    if (index === 0) factor *= position < 3 ? 1.4 : 1.1;
    if (words.length < SHORT_WORDS) factor *= words.length / SHORT_WORDS;
    if (words.length > LONG_WORDS) factor *= LONG_WORDS / words.length;
    if (/[:：]$/.test(sentence)) factor *= 0.3;
    if (/[?？]$/.test(sentence)) factor *= 0.7;
    const content = words.filter((word) => !STOP_WORDS.has(word) && !/^(?:[a-z]{1,2}|\d+)$/.test(word));
    return { text: clip(sentence), words: new Set(content.length > 0 ? content : words), factor };
  });
}

function weighWords(candidates: readonly Candidate[], blocks: readonly Block[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { words } of candidates) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const headings = blocks.flatMap(({ kind, text }) => (kind === 'heading' ? splitWords(text) : []));
  const inHeadings = new Set(headings);
  const weights = new Map<string, number>();
  for (const [word, count] of counts) {
    const rarity = Math.log(1 + candidates.length / count);
    weights.set(word, Math.log(1 + count) * rarity * (inHeadings.has(word) ? HEADING_BONUS : 1));
  }
  return weights;
}

/** The indices of the chosen sentences, ascending. Of two equal scores, the earlier sentence is chosen. */
function choose(candidates: readonly Candidate[], scores: readonly number[], count: number): number[] {
  const chosen: number[] = [];
  const overlaps = candidates.map(() => 0);
  while (chosen.length < Math.min(count, candidates.length)) {
    let best = -1;
    let bestScore = -Infinity;
    for (let index = 0; index < candidates.length; index += 1) {
      const score = (scores[index] ?? 0) * (1 - REDUNDANCY_PENALTY * (overlaps[index] ?? 0));
      if (score > bestScore && !chosen.includes(index) && (overlaps[index] ?? 0) < DUPLICATE_OVERLAP) {
        best = index;
        bestScore = score;
      }
    }
    if (best < 0) break;
    chosen.push(best);
    candidates.forEach(({ words }, index) => {
      overlaps[index] = Math.max(overlaps[index] ?? 0, overlap(words, candidates[best]?.words ?? new Set()));
    });
  }
  return chosen.sort((a, b) => a - b);
}

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size === 0 || b.size === 0) return 0;
  let shared = 0;
  for (const word of a) if (b.has(word)) shared += 1;
  return shared / Math.min(a.size, b.size);
}

/** The summary of a text without sentences: its headings, tables and code. */
function outline(blocks: readonly Block[], sentences: number): string {
  const parts = blocks.map(({ kind, text }) => (kind === 'table' ? `Table: ${text}` : text));
  return joinSentences(parts.slice(0, sentences * 2).map(clip));
}

function clip(sentence: string): string {
  if (sentence.length <= LONGEST_SENTENCE) return sentence;
  return `${sentence.slice(0, LONGEST_SENTENCE).replace(/\s+\S*$|[\uD800-\uDBFF]$/, '')}…`;
}

function joinSentences(sentences: readonly string[]): string {
  return sentences
    .map((sentence) => (/[\p{L}\p{N}`)]$/u.test(sentence) ? `${sentence}.` : sentence))
    .map((sentence, index) => (index === 0 || /[。！？]$/.test(sentences[index - 1] ?? '') ? sentence : ` ${sentence}`))
    .join('');
}
