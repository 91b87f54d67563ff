const SUBJECTS = ['The queue', 'A worker', 'The scheduler', 'One replica', 'The cache', 'A client', 'The gateway'];
const VERBS = ['holds', 'drops', 'repeats', 'delays', 'forwards', 'answers', 'refuses'];
const OBJECTS = ['a request', 'the oldest entry', 'every second call', 'its batch', 'a large reply', 'the last span'];
const SENTENCES = 4;
const REPEATED_EVERY = 4;

export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/** The texts that request `n` summarises: always the same for the same `n`. */
export function createTexts(n: number, files = 2): TextFile[] {
  return Array.from({ length: files }, (_, file) => {
    // Every fourth request repeats a text, so that the cache has hits as in real work.
    const seed = file === 0 && n % REPEATED_EVERY === 0 ? 0 : n * files + file + 1;
    return { path: `text-${file}.md`, text: `# Report ${seed}\n\n${paragraph(seed)}\n` };
  });
}

function paragraph(seed: number): string {
  const pick = (words: readonly string[], i: number) => words[(seed * 7 + i * 13) % words.length];
  return Array.from(
    { length: SENTENCES },
    (_, i) => `${pick(SUBJECTS, i)} ${pick(VERBS, i + seed)} ${pick(OBJECTS, i * seed)} in round ${seed + i}.`,
  ).join(' ');
}
