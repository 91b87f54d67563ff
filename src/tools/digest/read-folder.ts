import { opendir, realpath } from 'node:fs/promises';
import { displayName, EXTENSIONS, findTexts } from './find-texts.ts';
import { megabytes } from './format.ts';
import { readText } from './read-text.ts';
import { skipReason } from './skip-reason.ts';

export interface SourceFile {
  /** Relative to the folder that was read. */
  readonly path: string;
  readonly text: string;
}

export interface FolderContents {
  /** The real path of the folder, without links. */
  readonly folder: string;
  /** In the order of their paths. */
  readonly files: readonly SourceFile[];
  /** One line for each file, folder or link that was not read: its name and the reason. */
  readonly skipped: readonly string[];
}

export interface ReadLimits {
  /** The largest file that is read, in bytes. @default 10 MB */
  readonly maxFileBytes?: number | undefined;
  /** The limit of all files together, in bytes. @default 100 MB */
  readonly maxTotalBytes?: number | undefined;
}

/** The folder cannot be read, or has no text. `skipped` has one line for each file that was not read. */
export class FolderError extends Error {
  override readonly name = 'FolderError';
  readonly skipped: readonly string[];

  constructor(message: string, skipped: readonly string[] = [], cause?: unknown) {
    super(message, { cause });
    this.skipped = skipped;
  }
}

/**
 * Reads the Markdown and text files of a folder and of the folders below it, except `node_modules`, `dist` and names
 * that begin with a dot. A file that cannot be read is listed in `skipped`.
 *
 * @throws FolderError when the folder does not exist, is a file, cannot be opened, or has no text
 */
export async function readFolder(folder: string, limits: ReadLimits, signal: AbortSignal): Promise<FolderContents> {
  const { maxFileBytes = 10_000_000, maxTotalBytes = 100_000_000 } = limits;
  const root = await openFolder(folder);
  const found = await findTexts(root, signal);
  const skipped = [...found.skipped];
  const files: SourceFile[] = [];
  let remainingBytes = maxTotalBytes;
  let filesAboveLimit = 0;
  for (const path of found.paths.toSorted()) {
    signal.throwIfAborted();
    if (remainingBytes <= 0) {
      filesAboveLimit += 1;
      continue;
    }
    const name = displayName(root, path);
    try {
      const text = await readText(path, maxFileBytes);
      remainingBytes -= text.length;
      files.push({ path: name, text });
    } catch (error) {
      skipped.push(`${name} ${skipReason(error)}`);
    }
  }
  if (filesAboveLimit > 0)
    skipped.push(`${filesAboveLimit} more files: one digest reads ${megabytes(maxTotalBytes)} at most`);
  if (files.length > 0) return { folder: root, files, skipped };
  throw new FolderError(`${folder} has no text to read: no ${EXTENSIONS.join(', no ')} file with text in it`, skipped);
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
    throw new FolderError(`The folder ${folder} ${skipReason(error)}`, [], error);
  }
}
