import { type Block, readMarkdown } from './markdown.ts';
import { splitSentences, splitWords } from './sentences.ts';

interface Candidate {
  readonly text: string;
  readonly words: ReadonlySet<string>;
  /** What place and form say about a sentence, before its words are looked at. */
  readonly prior: number;
}

const STOP_WORDS = new Set(
  `the and for are was were has have had not but you your its this that these those with from into than then they them
  their there which who whose what when where will would can could should may might must been being also only such
  each other some any all more most very just about over after before between both does did our out one how too use`.split(
    /\s+/,
  ),
);

/** Words: sentences outside of these count for less. */
const SHORT = 6;
const LONG = 28;
/** A sentence that is longer, in characters, is a log or a minified file: its start has to do. */
const LONGEST_SENTENCE = 500;
/** Between 0.5, where long sentences always win, and 1, where short ones do. */
const LENGTH_NORM = 0.75;
const REDUNDANCY_PENALTY = 0.8;
/** Sentences whose words overlap this much say the same. */
const SAME = 0.95;
const HEADING_BONUS = 1.5;

/**
 * An extractive summary: the sentences of a Markdown or plain text that hold most of what it is about, in their
 * order. Each word weighs by how often it occurs and how few sentences hold it; a sentence is worth its words, less
 * for what chosen ones already say. Equal texts give equal summaries, and one pass suffices however long the text.
 *
 * @param sentences how many sentences at most
 */
export function summarise(text: string, sentences: number): string {
  const blocks = readMarkdown(text);
  const candidates = blocks.flatMap(toCandidates);
  if (candidates.length === 0) return outline(blocks, sentences);
  const weights = weighWords(candidates, blocks);
  const scores = candidates.map(({ words, prior }) => {
    let sum = 0;
    for (const word of words) sum += weights.get(word) ?? 0;
    return (prior * sum) / (words.size + 4) ** LENGTH_NORM;
  });
  return joinSentences(choose(candidates, scores, sentences).map((index) => candidates[index]?.text ?? ''));
}

function toCandidates(block: Block, place: number): Candidate[] {
  if (block.kind !== 'prose' && block.kind !== 'item') return [];
  return splitSentences(block.text).flatMap((sentence, index) => {
    const words = splitWords(sentence);
    if (words.length === 0) return [];
    let prior = block.kind === 'item' ? 0.8 : 1;
    if (index === 0) prior *= place < 3 ? 1.4 : 1.1;
    if (words.length < SHORT) prior *= words.length / SHORT;
    if (words.length > LONG) prior *= LONG / words.length;
    if (/[:：]$/.test(sentence)) prior *= 0.3;
    if (/[?？]$/.test(sentence)) prior *= 0.7;
    const content = words.filter((word) => !STOP_WORDS.has(word) && !/^(?:[a-z]{1,2}|\d+)$/.test(word));
    return { text: clip(sentence), words: new Set(content.length > 0 ? content : words), prior };
  });
}

function weighWords(candidates: readonly Candidate[], blocks: readonly Block[]): Map<string, number> {
  const holders = new Map<string, number>();
  for (const { words } of candidates) for (const word of words) holders.set(word, (holders.get(word) ?? 0) + 1);
  const headings = blocks.flatMap(({ kind, text }) => (kind === 'heading' ? splitWords(text) : []));
  const inHeadings = new Set(headings);
  const weights = new Map<string, number>();
  for (const [word, count] of holders) {
    const rarity = Math.log(1 + candidates.length / count);
    weights.set(word, Math.log(1 + count) * rarity * (inHeadings.has(word) ? HEADING_BONUS : 1));
  }
  return weights;
}

/** The indices of the chosen sentences, ascending. A tie goes to the earlier one. */
function choose(candidates: readonly Candidate[], scores: readonly number[], wanted: number): number[] {
  const chosen: number[] = [];
  const overlaps = candidates.map(() => 0);
  while (chosen.length < Math.min(wanted, candidates.length)) {
    let best = -1;
    let bestScore = -Infinity;
    for (let index = 0; index < candidates.length; index += 1) {
      const score = (scores[index] ?? 0) * (1 - REDUNDANCY_PENALTY * (overlaps[index] ?? 0));
      if (score > bestScore && !chosen.includes(index) && (overlaps[index] ?? 0) < SAME) {
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

/** A text without one sentence still has a shape to tell of: its headings, tables and code. */
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
