import { opendir, realpath } from 'node:fs/promises';
import { EXTENSIONS, findTexts, nameIn } from './find.ts';
import { readText } from './read-text.ts';
import { megabytes, whyNot } from './remarks.ts';

export interface SourceFile {
  /** Relative to the folder that was read. */
  readonly path: string;
  readonly text: string;
}

export interface Reading {
  /** The folder's real path. */
  readonly folder: string;
  /** In the order of their paths. */
  readonly files: readonly SourceFile[];
  /** One line for each thing that was left out. */
  readonly remarks: readonly string[];
}

export interface ReadLimits {
  /** A larger file is left out, in bytes. @default 10 MB */
  readonly maxFileBytes?: number | undefined;
  /** What all files may have together, in bytes. @default 100 MB */
  readonly maxTotalBytes?: number | undefined;
}

/** The folder cannot be read, or holds nothing to read; `remarks` tell what was left out. */
export class FolderError extends Error {
  override readonly name = 'FolderError';
  readonly remarks: readonly string[];

  constructor(message: string, remarks: readonly string[] = [], cause?: unknown) {
    super(message, { cause });
    this.remarks = remarks;
  }
}

/**
 * Reads the Markdown and text files of a folder and of those below it, except `node_modules`, `dist` and what begins
 * with a dot. What cannot be read is left out with a remark.
 *
 * @throws FolderError when the folder is missing, is none, may not be opened, or holds no text at all
 */
export async function readFolder(folder: string, limits: ReadLimits, signal: AbortSignal): Promise<Reading> {
  const { maxFileBytes = 10_000_000, maxTotalBytes = 100_000_000 } = limits;
  const root = await openFolder(folder);
  const found = await findTexts(root, signal);
  const remarks = [...found.remarks];
  const files: SourceFile[] = [];
  let left = maxTotalBytes;
  let overall = 0;
  for (const path of found.paths.toSorted()) {
    signal.throwIfAborted();
    if (left <= 0) {
      overall += 1;
      continue;
    }
    const name = nameIn(root, path);
    try {
      const text = await readText(path, maxFileBytes);
      left -= text.length;
      files.push({ path: name, text });
    } catch (error) {
      remarks.push(`${name} ${whyNot(error)}`);
    }
  }
  if (overall > 0) remarks.push(`${overall} more files: one digest reads ${megabytes(maxTotalBytes)} at most`);
  if (files.length > 0) return { folder: root, files, remarks };
  throw new FolderError(
    `${folder} holds nothing to read: no ${EXTENSIONS.join(', no ')} file with text in it`,
    remarks,
  );
}

async function openFolder(folder: string): Promise<string> {
  try {
    const root = await realpath(folder);
    await (await opendir(root)).close();
    return root;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') {
      throw new FolderError(`${folder} is a file: name the folder that it is in`, [], error);
    }
    throw new FolderError(`The folder ${folder} ${whyNot(error)}`, [], error);
  }
}
