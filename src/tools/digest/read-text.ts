import { open } from 'node:fs/promises';
import { megabytes } from './format.ts';
import { SkippedFileError } from './skip-reason.ts';

/**
 * Reads the text of a file. At most `maxBytes` and one chunk of it are in memory.
 *
 * @throws SkippedFileError when the file is larger, is empty, or is not UTF-8 text
 * @throws Error of the file system when the file cannot be opened or read
 */
export async function readText(path: string, maxBytes: number): Promise<string> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    if (size > maxBytes) throw new SkippedFileError(`has ${megabytes(size)}, the limit is ${megabytes(maxBytes)}`);
    const chunks: Buffer[] = [];
    let read = 0;
    // `end` is inclusive: one byte more than the limit is read when the file has grown since `stat`.
    for await (const chunk of handle.createReadStream({ autoClose: false, end: maxBytes }) as AsyncIterable<Buffer>) {
      read += chunk.length;
      chunks.push(chunk);
    }
    if (read > maxBytes) throw new SkippedFileError('grew past the limit while it was read');
    return decode(Buffer.concat(chunks));
  } finally {
    await handle.close();
  }
}

function decode(bytes: Buffer): string {
  if (bytes.includes(0)) throw new SkippedFileError('is a binary file, not text');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new SkippedFileError('is not UTF-8 text');
  }
  if (text.trim() === '') throw new SkippedFileError('is empty');
  return text;
}
