/** Parts of the documents that are generated from the sources. Two comments mark the start and the end of each part. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { ROOT, readText } from './sources.ts';

export interface GeneratedPart {
  /** The path of the document, relative to the checkout. */
  readonly path: string;
  /** The name in the two comments. */
  readonly name: string;
  /** The source of the part, so that a reader knows what to change. */
  readonly from: string;
  readonly text: string;
}

/** Fails when the document has another text between the comments. With UPDATE_README=1 it writes the text. */
export function expectGenerated({ path, name, from, text }: GeneratedPart): void {
  const document = readText(path);
  const updated = withPart(document, name, from, text);
  if (process.env.UPDATE_README) writeFileSync(join(ROOT, path), updated);
  else expect(document).toBe(updated);
}

export function withPart(document: string, name: string, from: string, text: string): string {
  const part = new RegExp(`<!-- ${name}: [^\\n]* -->\\n[\\s\\S]*?<!-- /${name} -->`);
  if (!part.test(document)) throw new Error(`the document has no part "${name}" between its two marks`);
  const start = `<!-- ${name}: generated from ${from} by \`UPDATE_README=1 npx vitest run test/documents\` -->`;
  return document.replace(part, () => `${start}\n${text}\n<!-- /${name} -->`);
}

/** A Markdown table. A character that would end a cell is escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}
