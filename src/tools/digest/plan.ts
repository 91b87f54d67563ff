import { type ReadLimits, readFolder } from './read-folder.ts';
import { type SplitOptions, splitFile } from './split-file.ts';
import { INSTRUCTION_TOKENS, LONG_FROM, REPLY_TOKENS, textTokens } from './summariser.ts';

/** What a digest will ask its models for, roughly: before anything is sent or paid. */
export interface DigestPlan {
  readonly files: number;
  readonly small: PlannedCalls;
  readonly large: PlannedCalls;
}

export interface PlannedCalls {
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/**
 * Reads a folder and counts the calls of its digest, without those that are tried again.
 *
 * @throws FolderError when the folder cannot be read or has no text
 */
export async function planDigest(
  folder: string,
  options: ReadLimits & SplitOptions,
  signal: AbortSignal = new AbortController().signal,
): Promise<DigestPlan> {
  const { files } = await readFolder(folder, options, signal);
  const texts = files.flatMap((file) => splitFile(file, options)).map(({ text }) => text);
  const isLong = (text: string) => text.length >= LONG_FROM;
  // Equal texts are asked for once.
  const different = [...new Set(texts)];
  const large = callsFor(different.filter(isLong));
  const small = callsFor(different.filter((text) => !isLong(text)));
  // The summaries of all parts are summarised again, by the model for long texts.
  const summaries = { calls: 1, inputTokens: (small.calls + large.calls) * REPLY_TOKENS, outputTokens: REPLY_TOKENS };
  return { files: files.length, small, large: add(large, summaries) };
}

function callsFor(texts: readonly string[]): PlannedCalls {
  return {
    calls: texts.length,
    inputTokens: texts.reduce((sum, text) => sum + textTokens(text) + INSTRUCTION_TOKENS, 0),
    outputTokens: texts.length * REPLY_TOKENS,
  };
}

function add(a: PlannedCalls, b: PlannedCalls): PlannedCalls {
  return {
    calls: a.calls + b.calls,
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
  };
}
