/** A source file for the rooms test: without comments, with a list of its imports, every line at its old place. */
import { posix } from 'node:path';

export interface Import {
  readonly line: number;
  /** The path from the checkout for a file of this package, else the specifier of the import. */
  readonly target: string;
  /** `import type`, which the compiler removes. An import with `{ type Name }` still loads the file. */
  readonly typeOnly: boolean;
}

export interface Source {
  /** The path from the checkout, with slashes. */
  readonly path: string;
  /** The text with spaces in place of comments; offsets and lines are those of the file. */
  readonly text: string;
  /** The text with spaces in place of comments, and of the contents of strings, templates and regular expressions. */
  readonly code: string;
  readonly imports: readonly Import[];
}

export function parseSource(path: string, original: string): Source {
  const { text, code } = blank(original);
  return { path, text, code, imports: importsOf(path, text, code) };
}

export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

const FROM = /\b(?:import|export)\b(?<type>\s+type\b)?(?:(?!\b(?:import|export)\b)[^'"`;()])*?\bfrom\s*['"]/g;
const BARE = /\bimport\s*['"]/g;
const CALL = /\b(?:import|require)\s*\(\s*['"]/g;

function importsOf(path: string, text: string, code: string): Import[] {
  const found = [FROM, BARE, CALL].flatMap((pattern) =>
    [...code.matchAll(pattern)].map((match): Import => {
      const start = match.index + match[0].length;
      const specifier = text.slice(start, text.indexOf(text.charAt(start - 1), start));
      const target = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier;
      return { line: lineOf(text, match.index), target, typeOnly: match.groups?.type !== undefined };
    }),
  );
  return found.sort((a, b) => a.line - b.line);
}

/** The texts after which a slash begins a regular expression. After other texts it is a division. */
const BEFORE_REGEXP = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|void|await|yield))\s*$/;

/** Replaces comments by spaces in both results, and literals by spaces in `code` only. */
function blank(original: string): { text: string; code: string } {
  const text = original.split('');
  const code = original.split('');
  const wipe = (into: string[], from: number, to: number) => {
    for (let i = from; i < to; i += 1) if (into[i] !== '\n') into[i] = ' ';
  };
  const end = (needle: string, from: number) => {
    const at = original.indexOf(needle, from);
    return at === -1 ? original.length : at;
  };
  /** For each open `${` of a template: how many braces are open after it. */
  const templates: number[] = [];
  let at = 0;

  function literal(close: RegExp): void {
    const from = at + 1;
    for (at = from; at < original.length; at += 1) {
      if (original[at] === '\\') at += 1;
      else if (close.test(original.slice(at, at + 2))) break;
    }
    wipe(code, from, Math.min(at, original.length));
  }

  while (at < original.length) {
    const char = original.charAt(at);
    const next = original.charAt(at + 1);
    if (char === '/' && (next === '/' || next === '*')) {
      const to = next === '/' ? end('\n', at) : end('*/', at + 2) + 2;
      wipe(text, at, to);
      wipe(code, at, to);
      at = to;
      continue;
    }
    if (char === "'" || char === '"') literal(char === "'" ? /^'/ : /^"/);
    else if (char === '/' && BEFORE_REGEXP.test(code.slice(Math.max(0, at - 40), at).join(''))) regexp();
    else if (char === '{' && templates.length > 0) templates.push((templates.pop() ?? 0) + 1);
    else if (char === '`' || (char === '}' && templates.at(-1) === 0)) {
      if (char === '}') templates.pop();
      literal(/^(?:`|\$\{)/);
      if (original[at] === '$') {
        templates.push(0);
        at += 1;
      }
    } else if (char === '}' && templates.length > 0) templates.push((templates.pop() ?? 0) - 1);
    at += 1;
  }
  return { text: text.join(''), code: code.join('') };

  function regexp(): void {
    const from = at + 1;
    let inClass = false;
    for (at = from; at < original.length && original[at] !== '\n'; at += 1) {
      const char = original[at];
      if (char === '\\') at += 1;
      else if (char === '[') inClass = true;
      else if (char === ']') inClass = false;
      else if (char === '/' && !inClass) break;
    }
    wipe(code, from, at);
  }
}
