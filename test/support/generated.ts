/** The parts of our documents that are made from the sources, between two marks each. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { ROOT, readText } from './sources.ts';

export interface GeneratedPart {
  /** The document, from the checkout. */
  readonly path: string;
  /** The word in its marks. */
  readonly name: string;
  /** What it is made from, for those who want to change it. */
  readonly from: string;
  readonly text: string;
}

/** Fails where the document has another text between the marks. With UPDATE_README=1 it writes the text instead. */
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

/** A table of Markdown. What a cell holds is escaped where it would end the cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}
