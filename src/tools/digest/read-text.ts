import { open } from 'node:fs/promises';
import { LeftOut, megabytes } from './remarks.ts';

/**
 * The text of a file, never more than `maxBytes` of it in memory.
 *
 * @throws LeftOut when it is larger, or is not UTF-8 text; whatever the file system throws
 */
export async function readText(path: string, maxBytes: number): Promise<string> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    if (size > maxBytes) throw new LeftOut(`has ${megabytes(size)}, the limit is ${megabytes(maxBytes)}`);
    const chunks: Buffer[] = [];
    let read = 0;
    // One byte past the limit tells that the file has grown meanwhile.
    for await (const chunk of handle.createReadStream({ autoClose: false, end: maxBytes }) as AsyncIterable<Buffer>) {
      read += chunk.length;
      chunks.push(chunk);
    }
    if (read > maxBytes) throw new LeftOut('grew past the limit while it was read');
    return decode(Buffer.concat(chunks));
  } finally {
    await handle.close();
  }
}

function decode(bytes: Buffer): string {
  if (bytes.includes(0)) throw new LeftOut('is a binary file, not text');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new LeftOut('is not UTF-8 text');
  }
  if (text.trim() === '') throw new LeftOut('is empty');
  return text;
}
