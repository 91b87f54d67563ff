/** One element of a Markdown page. `text` is one line, without Markdown marks except those of code spans. */
export interface Block {
  readonly kind: 'heading' | 'prose' | 'item' | 'table' | 'code';
  readonly text: string;
}

const FENCE = /^\s*(`{3,}|~{3,})\s*([\w+#.-]*)/;
const HEADING = /^\s{0,3}#{1,6}\s+(.*?)(?:\s+#+)?\s*$/;
const UNDERLINE = /^\s{0,3}(?:=+|-+)\s*$/;
const RULE = /^\s*([-*_])(?:\s*\1){2,}\s*$/;
const ITEM = /^\s*(?:[-*+]|\d{1,9}[.)])\s+(?:\[[ xX]\]\s+)?(.*)$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)+\|?\s*$/;
const DEFINITION = /^\s{0,3}\[[^\]]{1,200}\]:\s/;
const INDENTED = /^(?: {4}|\t)/;
const CALLOUT = /^\s*\[![A-Z]+\]\s*$/;

/**
 * Reads Markdown or plain text as blocks. It scans lines and does not parse the whole grammar: that is enough to remove
 * code, tables and marks from sentences. Its time is linear in the length of the text.
 */
export function readMarkdown(source: string): Block[] {
  const lines = withoutComments(source).split(/\r\n|\r|\n/);
  const blocks: Block[] = [];
  let open: { kind: Block['kind']; lines: string[] } | undefined;
  const flush = () => {
    const text = open && inline(joinLines(open.lines));
    if (open && text) blocks.push({ kind: open.kind, text });
    open = undefined;
  };
  const start = (kind: Block['kind'], ...content: string[]) => {
    flush();
    open = { kind, lines: content };
  };

  let at = afterFrontMatter(lines);
  while (at < lines.length) {
    const line = (lines[at] ?? '').replace(/^(?:\s{0,3}>\s?)+/, '');
    at += 1;
    const fence = FENCE.exec(line);
    if (fence) {
      const first = at;
      const mark = fence[1] ?? '';
      while (at < lines.length && !isFenceEnd(lines[at] ?? '', mark)) at += 1;
      flush();
      blocks.push({ kind: 'code', text: `${fence[2] || 'Code'}, ${at - first} lines` });
      at += 1;
      continue;
    }
    const heading = HEADING.exec(line)?.[1];
    const item = ITEM.exec(line)?.[1];
    if (line.trim() === '' || DEFINITION.test(line) || CALLOUT.test(line)) flush();
    else if (heading !== undefined) start('heading', heading);
    else if (UNDERLINE.test(line) && open?.kind === 'prose' && open.lines.length === 1) open.kind = 'heading';
    else if (RULE.test(line) || UNDERLINE.test(line)) flush();
    else if (line.trimStart().startsWith('|') || TABLE_RULE.test(lines[at] ?? '')) {
      flush();
      blocks.push({ kind: 'table', text: inline(cells(line).join(', ')) });
      while (at < lines.length && (lines[at] ?? '').includes('|')) at += 1;
    } else if (item !== undefined) start('item', item);
    else if (INDENTED.test(line) && open === undefined && blocks.at(-1)?.kind !== 'item') {
      const first = at - 1;
      while (at < lines.length && INDENTED.test(lines[at] ?? '')) at += 1;
      blocks.push({ kind: 'code', text: `Code, ${at - first} lines` });
    } else if (open && open.kind !== 'heading') open.lines.push(line.trim());
    else start('prose', line.trim());
  }
  flush();
  return blocks;
}

/** Removes HTML comments. A regular expression would take quadratic time when many comments are never closed. */
function withoutComments(source: string): string {
  let text = '';
  let from = 0;
  for (;;) {
    const start = source.indexOf('<!--', from);
    const end = start < 0 ? -1 : source.indexOf('-->', start + 4);
    if (end < 0) return text + source.slice(from);
    text += source.slice(from, start);
    from = end + 3;
  }
}

function afterFrontMatter(lines: readonly string[]): number {
  if (lines[0]?.trimEnd() !== '---') return 0;
  const end = lines.findIndex((line, index) => index > 0 && line.trimEnd() === '---');
  const isYaml = /^[\w-]+\s*:/.test(lines[1] ?? '');
  return end > 0 && isYaml ? end + 1 : 0;
}

function isFenceEnd(line: string, mark: string): boolean {
  const text = line.replace(/^(?:\s{0,3}>\s?)+/, '').trim();
  return text.length >= mark.length && text === (mark[0] ?? '').repeat(text.length);
}

function cells(row: string): string[] {
  return row.split('|').flatMap((cell) => cell.trim() || []);
}

/** Joins lines with a space, but without one between Chinese and Japanese letters, which have no spaces. */
function joinLines(lines: readonly string[]): string {
  return lines
    .join('\n')
    .replace(/(?<=[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}。、！？])\n(?=[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}])/gu, '')
    .replaceAll('\n', ' ');
}

/** Removes Markdown marks but keeps code spans, also inside a link: placeholders replace them while marks are removed. */
function inline(text: string): string {
  const spans: string[] = [];
  const rest = text.replace(/`[^`]*`/g, (span) => `\uE000${spans.push(span) - 1}\uE001`);
  const plain = withoutMarks(rest).replace(/\uE000(\d+)\uE001/g, (_, index) => spans[Number(index)] ?? '');
  return plain.replace(/\s+/g, ' ').trim();
}

/** The regular expressions have bounded lengths, so that a page of brackets takes linear time. */
function withoutMarks(text: string): string {
  return text
    .replace(/!\[[^[\]]{0,300}\](?:\([^()]{0,1000}\)|\[[^[\]]{0,300}\])/g, '')
    .replace(/\[\^[^\]]{1,100}\]/g, '')
    .replace(/\[([^[\]]{0,500})\](?:\([^()]{0,1000}\)|\[[^[\]]{0,300}\])/g, '$1')
    .replace(/<(https?:[^<>\s]{1,1000})>/g, '$1')
    .replace(/<\/?[a-zA-Z][^<>]{0,1000}>/g, ' ')
    .replace(/\*\*|~~/g, '')
    .replace(/(?<![\p{L}\p{N}_*])([*_]{1,3})(?=\S)([^*_]{1,300})(?<=\S)\1(?![\p{L}\p{N}_*])/gu, '$2');
}
