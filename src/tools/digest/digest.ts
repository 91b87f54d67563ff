import { map, type Primitive, sequential, task, workflow } from '../../index.ts';
import { combine, type Digest, type SummarisedPart, summariesOf } from './combine.ts';
import { type Reading, type ReadLimits, readFolder } from './read.ts';
import { type Part, type SplitOptions, splitFile } from './split.ts';
import { createSummariser, type SummariseOptions, type Summary } from './summarise.ts';

export interface DigestOptions extends SummariseOptions, ReadLimits, SplitOptions {
  /** How many parts are summarised at once. @default 8 */
  readonly concurrency?: number | undefined;
  /** Where the texts come from. @default the files of the folder that is digested */
  readonly read?: ((folder: string, signal: AbortSignal) => Promise<Reading>) | undefined;
  /** Told after each part how far the run is. */
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
}

/**
 * The workflow: reads a folder, splits its files into parts, summarises each with a model, and combines the summaries
 * into one document. A part that fails is named there and costs no other.
 *
 * @example
 * const digest = createDigest({ small: openAICompatible({ model: 'gpt-4o-mini' }), large: openAICompatible({ model: 'gpt-4o' }) });
 * const { document } = await digest.execute('./docs');
 */
export function createDigest(options: DigestOptions): Primitive<string, Digest> {
  const { concurrency = 8, maxLength = 6_000, onProgress = () => {} } = options;
  const { read: from = (folder: string, signal: AbortSignal) => readFolder(folder, options, signal) } = options;
  const summarise = createSummariser(options);
  const summarisePart = workflow('digest-part', summarise);

  /** The tag on the spans of a part tells which file it belongs to. */
  async function summariseAll(
    one: Primitive<string, Summary>,
    parts: readonly Part[],
    done: () => void,
  ): Promise<SummarisedPart[]> {
    const part = task('part', ({ file, text }: Part) =>
      one.execute(text, { context: { tags: { file } } }).finally(done),
    );
    const results = await map(part, { name: 'parts', concurrency, mode: 'settle' }).execute(parts);
    return parts.map((each, i) => ({ ...each, ...outcome(results[i]) }));
  }

  const read = task('read', (folder: string, { signal }) => from(folder, signal));

  const split = task('split', (reading: Reading) => ({
    ...reading,
    parts: reading.files.flatMap((file) => splitFile(file, { maxLength })),
  }));

  const summariseParts = task('summarise-parts', async ({ parts, ...reading }: Reading & { parts: Part[] }) => {
    let done = 0;
    onProgress(done, parts.length);
    return { ...reading, parts: await summariseAll(summarisePart, parts, () => onProgress(++done, parts.length)) };
  });

  /** Summaries that are too long for one call are summarised in parts themselves until they fit. */
  const summariseWhole = task('summarise-whole', async (digest: Omit<Digest, 'overall' | 'document'>) => {
    let text = summariesOf(digest.parts);
    while (text.length > maxLength) {
      const parts = splitFile({ path: 'summaries', text }, { maxLength });
      const shorter = summariesOf(await summariseAll(summarise, parts, () => {}));
      text = shorter.length < text.length / 2 ? shorter : text.slice(0, maxLength);
    }
    return { ...digest, overall: text === '' ? undefined : await summarise.execute(text) };
  });

  const write = task('combine', (digest: Omit<Digest, 'document'>) => ({ ...digest, document: combine(digest) }));

  return workflow('digest', sequential(read, split, summariseParts, summariseWhole, write));
}

function outcome(result: PromiseSettledResult<Summary> | undefined): { summary: Summary } | { failure: string } {
  if (result?.status === 'fulfilled') return { summary: result.value };
  return { failure: result?.reason instanceof Error ? result.reason.message : String(result?.reason) };
}
