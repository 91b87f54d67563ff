import { BudgetExceededError, map, type Primitive, sequential, task, workflow } from '../../index.ts';
import { combine, combinePartial, type Digest, type SummarisedPart, summariesOf } from './combine.ts';
import { type FolderContents, type ReadLimits, readFolder } from './read-folder.ts';
import { type Part, type SplitOptions, splitFile } from './split-file.ts';
import { createSummariser, type SummariserOptions, type Summary } from './summariser.ts';

export interface DigestOptions extends SummariserOptions, ReadLimits, SplitOptions {
  /** How many parts are summarised at once. @default 8 */
  readonly concurrency?: number | undefined;
  /** Reads the texts of `folder`. @default `readFolder`, which reads the files of the folder */
  readonly read?: ((folder: string, signal: AbortSignal) => Promise<FolderContents>) | undefined;
  /** Called at the start and after each part, with the number of finished parts and of all parts. */
  readonly onProgress?: ((done: number, total: number, document: PartialDocument) => void) | undefined;
}

/** The document of the parts that are summarised now, for a run that is stopped; `undefined` when there are none. */
export type PartialDocument = () => string | undefined;

/**
 * The workflow: reads a folder, splits its files into parts, summarises each with a model, and combines the summaries
 * into one document. A part that fails is named in the document and does not stop the others. Rejects with
 * `BudgetExceededError` when the budget is spent, once the calls that have begun have ended.
 *
 * @example
 * const digest = createDigest({ small: openAICompatible({ model: 'gpt-4o-mini' }), large: openAICompatible({ model: 'gpt-4o' }) });
 * const { document } = await digest.execute('./docs');
 */
export function createDigest(options: DigestOptions): Primitive<string, Digest> {
  const { concurrency = 8, maxLength = 6_000, onProgress = () => {} } = options;
  const { read: readTexts = (folder: string, signal: AbortSignal) => readFolder(folder, options, signal) } = options;
  const summarise = createSummariser(options);
  const summarisePart = workflow('digest-part', summarise);

  /** The spans of a part carry the tag `file`. */
  async function summariseAll(
    summariser: Primitive<string, Summary>,
    parts: readonly Part[],
    onPartDone: (part: Part, summary?: Summary) => void,
  ): Promise<SummarisedPart[]> {
    const one = task('part', async (part: Part) => {
      try {
        const summary = await summariser.execute(part.text, { context: { tags: { file: part.file } } });
        onPartDone(part, summary);
        return summary;
      } catch (error) {
        if (!isRefusal(error)) onPartDone(part);
        throw error;
      }
    });
    const each = map(one, { name: 'parts', concurrency, mode: 'settle' });
    const results = new Map<Part, PromiseSettledResult<Summary>>();
    // Money that was held for a call and not spent is there for the parts that were refused meanwhile.
    for (let left = parts; left.length > 0; ) {
      const settled = await each.execute(left);
      for (const [i, part] of left.entries()) results.set(part, settled[i] as PromiseSettledResult<Summary>);
      const refused = left.filter((_, i) => isRefusal(failureOf(settled[i])));
      if (refused.length === left.length) throw failureOf(settled[0]);
      left = refused;
    }
    return parts.map((part) => ({ ...part, ...outcome(results.get(part)) }));
  }

  const read = task('read', (folder: string, { signal }) => readTexts(folder, signal));

  const split = task('split', (contents: FolderContents) => ({
    ...contents,
    parts: contents.files.flatMap((file) => splitFile(file, { maxLength })),
  }));

  const summariseParts = task('summarise-parts', async ({ parts, ...contents }: FolderContents & { parts: Part[] }) => {
    const summaries = new Map<Part, Summary>();
    let done = 0;
    const withSummary = (part: Part) => {
      const summary = summaries.get(part);
      return summary === undefined ? part : { ...part, summary };
    };
    const document: PartialDocument = () =>
      summaries.size === 0 ? undefined : combinePartial(contents, parts.map(withSummary));
    const report = () => onProgress(done, parts.length, document);
    report();
    const summarised = await summariseAll(summarisePart, parts, (part, summary) => {
      done += 1;
      if (summary !== undefined) summaries.set(part, summary);
      report();
    });
    return { ...contents, parts: summarised };
  });

  /** Summaries that are too long for one call are split and summarised again until they fit. */
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

function failureOf(result: PromiseSettledResult<unknown> | undefined): unknown {
  return result?.status === 'rejected' ? result.reason : undefined;
}

function isRefusal(error: unknown): boolean {
  return error instanceof BudgetExceededError;
}

function outcome(result: PromiseSettledResult<Summary> | undefined): { summary: Summary } | { failure: string } {
  if (result?.status === 'fulfilled') return { summary: result.value };
  return { failure: result?.reason instanceof Error ? result.reason.message : String(result?.reason) };
}
