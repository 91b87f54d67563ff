import type { Reading } from './read.ts';
import { printable } from './remarks.ts';
import type { Part } from './split.ts';
import type { Summary } from './summarise.ts';

/** A part and what became of it. */
export type SummarisedPart = Part & ({ readonly summary: Summary } | { readonly failure: string });

export interface Digest extends Reading {
  readonly parts: readonly SummarisedPart[];
  /** The whole in a few sentences; `undefined` when not one part could be summarised. */
  readonly overall: Summary | undefined;
  /** All of it as Markdown. */
  readonly document: string;
}

/** All summaries as one text, a paragraph per part. */
export function summariesOf(parts: readonly SummarisedPart[]): string {
  return parts.flatMap((part) => ('summary' in part ? part.summary.text : [])).join('\n\n');
}

/** The document: the whole in short, then each file with the summaries of its parts, then what was left out. */
export function combine({ folder, files, parts, overall, remarks }: Omit<Digest, 'document'>): string {
  const blocks = [
    `# Digest of ${escaped(folder.split(/[\\/]/).at(-1) || folder)}`,
    `${count(files.length, 'file')}, ${count(parts.length, 'part')}.`,
    overall === undefined ? 'Not one part could be summarised.' : sentence(overall),
  ];
  for (const { path } of files) {
    const own = parts.filter(({ file }) => file === path);
    blocks.push(`## ${escaped(path)}`, own.length === 1 ? body(own[0]) : list(own.map(item)));
  }
  if (remarks.length > 0) blocks.push('## Left out', list(remarks.map(escaped)));
  return `${blocks.join('\n\n')}\n`;
}

function item(part: SummarisedPart): string {
  const title = part.headings.at(-1);
  return title === undefined ? body(part) : `**${escaped(title)}**: ${body(part)}`;
}

function body(part: SummarisedPart | undefined): string {
  if (part === undefined) return '';
  return 'summary' in part ? sentence(part.summary) : `*Could not be summarised: ${escaped(part.failure)}*`;
}

/** A model's words stay a paragraph, whatever marks it put in front of them. */
function sentence({ text, quoted }: Summary): string {
  const line = text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^[#>|+*-]+(?=\s)/, '\\$&');
  return quoted ? `${line} *(Quoted: no model answered.)*` : line;
}

function list(items: readonly string[]): string {
  return items.map((one) => `- ${one}`).join('\n');
}

function escaped(text: string): string {
  return printable(text).replace(/[\\`*_[\]<>#|]/g, '\\$&');
}

function count(n: number, thing: string): string {
  return `${n} ${n === 1 ? thing : `${thing}s`}`;
}
