import { printable } from './format.ts';
import type { FolderContents } from './read-folder.ts';
import type { Part } from './split-file.ts';
import type { Summary } from './summariser.ts';

/** A part with its summary, or with the reason why there is no summary. */
export type SummarisedPart = Part & ({ readonly summary: Summary } | { readonly failure: string });

/** A part that may not have been summarised yet. */
export type PartialPart = Part | SummarisedPart;

export interface Digest extends FolderContents {
  readonly parts: readonly SummarisedPart[];
  /** A summary of all summaries in a few sentences; `undefined` when no part could be summarised. */
  readonly overall: Summary | undefined;
  /** The whole digest as Markdown. */
  readonly document: string;
}

/** All summaries as one text, a paragraph per part. */
export function summariesOf(parts: readonly SummarisedPart[]): string {
  return parts.flatMap((part) => ('summary' in part ? part.summary.text : [])).join('\n\n');
}

/** The document: the overall summary, then each file with the summaries of its parts, then the skipped files. */
export function combine({ folder, files, parts, overall, skipped }: Omit<Digest, 'document'>): string {
  const partsOf = byFile(parts);
  const blocks = [
    title(folder),
    `${count(files.length, 'file')}, ${count(parts.length, 'part')}.`,
    overall === undefined ? 'No part could be summarised.' : paragraph(overall),
  ];
  for (const { path } of files) {
    blocks.push(...section(path, partsOf.get(path) ?? []));
  }
  if (skipped.length > 0) blocks.push('## Skipped', list(skipped.map(escaped)));
  return `${blocks.join('\n\n')}\n`;
}

/** The document of a run that was stopped: what was summarised until then, and which files are not complete. */
export function combinePartial({ folder, files, skipped }: FolderContents, parts: readonly PartialPart[]): string {
  const done = parts.filter((part): part is SummarisedPart => 'summary' in part);
  const blocks = [
    title(folder),
    `${count(files.length, 'file')}, ${count(parts.length, 'part')}. Stopped after ${done.length} of them: this is not the whole digest.`,
  ];
  const [partsOf, doneOf] = [byFile(parts), byFile(done)];
  const incomplete: string[] = [];
  for (const { path } of files) {
    const [all, summarised] = [partsOf.get(path) ?? [], doneOf.get(path) ?? []];
    if (summarised.length > 0) blocks.push(...section(path, summarised));
    if (summarised.length < all.length) {
      incomplete.push(`${escaped(path)}: ${all.length - summarised.length} of ${count(all.length, 'part')}`);
    }
  }
  if (incomplete.length > 0) blocks.push('## Not summarised', list(incomplete));
  if (skipped.length > 0) blocks.push('## Skipped', list(skipped.map(escaped)));
  return `${blocks.join('\n\n')}\n`;
}

const title = (folder: string) => `# Digest of ${escaped(folder.split(/[\\/]/).at(-1) || folder)}`;

function section(path: string, parts: readonly SummarisedPart[]): string[] {
  return [`## ${escaped(path)}`, parts.length === 1 ? body(parts[0]) : list(parts.map(item))];
}

function byFile<P extends Part>(parts: readonly P[]): ReadonlyMap<string, P[]> {
  const found = new Map<string, P[]>();
  for (const part of parts) {
    const others = found.get(part.file);
    if (others === undefined) found.set(part.file, [part]);
    else others.push(part);
  }
  return found;
}

function item(part: SummarisedPart): string {
  const title = part.headings.at(-1);
  return title === undefined ? body(part) : `**${escaped(title)}**: ${body(part)}`;
}

function body(part: SummarisedPart | undefined): string {
  if (part === undefined) return '';
  return 'summary' in part ? paragraph(part.summary) : `*Could not be summarised: ${escaped(part.failure)}*`;
}

/** One Markdown paragraph: a mark at the start of the model's answer would make it a heading, a quote or a list. */
function paragraph({ text, quoted }: Summary): string {
  const line = text
    .replace(/\s+/g, ' ')
    // A model can answer with codes that a terminal obeys.
    .replace(/\p{Cc}/gu, '')
    .trim()
    .replace(/^[#>|+*-]+(?=\s)/, '\\$&');
  return quoted ? `${line} *(Quoted: no model answered.)*` : line;
}

function list(items: readonly string[]): string {
  return items.map((text) => `- ${text}`).join('\n');
}

function escaped(text: string): string {
  return printable(text).replace(/[\\`*_[\]<>#|]/g, '\\$&');
}

function count(n: number, thing: string): string {
  return `${n} ${n === 1 ? thing : `${thing}s`}`;
}
