/** A segmenter's time grows with the square of the text's length: it is fed pieces of at most this many characters. */
const LONGEST_PIECE = 2_000;
const PIECE = new RegExp(`[\\s\\S]{1,${LONGEST_PIECE}}(?=\\s|$)|[\\s\\S]{1,${LONGEST_PIECE}}`, 'g');

/** Full stops that end a word, not a sentence. */
const ABBREVIATION = /(?:^|[\s(])(?:Dr|Mr|Mrs|Ms|Prof|St|No|Nr|vs|cf|approx|Fig|e\.g|i\.e|z\.B|d\.h|ca|bzw|\p{Lu})\.$/u;

// A fixed locale: the answer must not depend on the machine's.
const bySentence = new Intl.Segmenter('en', { granularity: 'sentence' });
const byWord = new Intl.Segmenter('en', { granularity: 'word' });

/** The sentences of one paragraph, in order, in any script. */
export function splitSentences(paragraph: string): string[] {
  const sentences: string[] = [];
  let unfinished = '';
  for (const piece of paragraph.match(PIECE) ?? []) {
    for (const { segment, index } of bySentence.segment(piece)) {
      unfinished += segment;
      const text = unfinished.trim();
      const atSeam = index + segment.length === piece.length;
      if ((isWhole(text) && !atSeam) || unfinished.length > LONGEST_PIECE) {
        if (text) sentences.push(text);
        unfinished = '';
      }
    }
  }
  if (unfinished.trim()) sentences.push(unfinished.trim());
  return sentences;
}

/** A stop inside a code span ends nothing either. */
function isWhole(text: string): boolean {
  return text.split('`').length % 2 === 1 && !ABBREVIATION.test(text);
}

const WITHOUT_SPACES = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Mymr}]/u;
const WORD = /[\p{L}\p{M}\p{N}]+(?:['’_-][\p{L}\p{M}\p{N}]+)*/gu;

/** The words of a sentence in lower case. Scripts that write no spaces need the segmenter, the others are faster without. */
export function splitWords(sentence: string): string[] {
  const text = sentence.toLowerCase();
  if (!WITHOUT_SPACES.test(text)) return text.match(WORD) ?? [];
  return [...byWord.segment(text)].flatMap(({ segment, isWordLike }) => (isWordLike ? segment : []));
}
