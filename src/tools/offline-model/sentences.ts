/** The longest piece for a segmenter, in characters: the time of a segmenter is quadratic in the length of its text. */
const LONGEST_PIECE = 2_000;
const PIECE = new RegExp(`[\\s\\S]{1,${LONGEST_PIECE}}(?=\\s|$)|[\\s\\S]{1,${LONGEST_PIECE}}`, 'g');

/** Words that end with a full stop inside a sentence. */
const ABBREVIATION = /(?:^|[\s(])(?:Dr|Mr|Mrs|Ms|Prof|St|No|Nr|vs|cf|approx|Fig|e\.g|i\.e|z\.B|d\.h|ca|bzw|\p{Lu})\.$/u;

// A fixed locale: the answer must not depend on the locale of the machine.
const sentenceSegmenter = new Intl.Segmenter('en', { granularity: 'sentence' });
const wordSegmenter = new Intl.Segmenter('en', { granularity: 'word' });

/** The sentences of one paragraph, in order, in any script. */
export function splitSentences(paragraph: string): string[] {
  const sentences: string[] = [];
  let unfinished = '';
  for (const piece of paragraph.match(PIECE) ?? []) {
    for (const { segment, index } of sentenceSegmenter.segment(piece)) {
      unfinished += segment;
      const text = unfinished.trim();
      const atPieceEnd = index + segment.length === piece.length;
      if ((isComplete(text) && !atPieceEnd) || unfinished.length > LONGEST_PIECE) {
        if (text) sentences.push(text);
        unfinished = '';
      }
    }
  }
  if (unfinished.trim()) sentences.push(unfinished.trim());
  return sentences;
}

/** A full stop in an abbreviation or inside a code span does not end a sentence. */
function isComplete(text: string): boolean {
  return text.split('`').length % 2 === 1 && !ABBREVIATION.test(text);
}

const WITHOUT_SPACES = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Mymr}]/u;
const WORD = /[\p{L}\p{M}\p{N}]+(?:['’_-][\p{L}\p{M}\p{N}]+)*/gu;

/** The words of a sentence in lower case. The slow segmenter is used only for scripts without spaces. */
export function splitWords(sentence: string): string[] {
  const text = sentence.toLowerCase();
  if (!WITHOUT_SPACES.test(text)) return text.match(WORD) ?? [];
  return [...wordSegmenter.segment(text)].flatMap(({ segment, isWordLike }) => (isWordLike ? segment : []));
}
