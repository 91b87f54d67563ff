/** The built page, in memory: no request ever touches the disk. */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

export interface PageFile {
  readonly type: string;
  readonly plain: Buffer;
  readonly gzip: Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The files of a folder by their paths, such as `/assets/index-1a2b.js`. */
export function readPageFiles(folder: string): ReadonlyMap<string, PageFile> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries.map((entry) => {
      const file = join(entry.parentPath, entry.name);
      const plain = readFileSync(file);
      const path = file.slice(folder.length).replaceAll('\\', '/');
      const type = TYPES[extname(file)] ?? 'application/octet-stream';
      return [path, { type, plain, gzip: gzipSync(plain, { level: 9 }) }];
    }),
  );
}
