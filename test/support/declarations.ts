/** Reads the declarations of a source file from its text, because TypeScript 7 has no API for it. */
import { parseSource } from '../rooms/source.ts';
import type { TextFile } from './sources.ts';

export interface Field {
  readonly name: string;
  readonly optional: boolean;
  readonly type: string;
  /** The doc comment on one line, without its tags. */
  readonly doc: string;
  /** The text after `@default`. */
  readonly byDefault: string | undefined;
}

/** An interface or a type alias. */
export interface TypeDeclaration {
  readonly name: string;
  readonly path: string;
  /** The fields that the interface declares itself, in their order. An alias has no fields. */
  readonly fields: readonly Field[];
  /** The names of the types that the interface extends, or that the alias refers to. */
  readonly mentions: readonly string[];
}

/** A function or a constant that the file exports. Overloads are one declaration. */
export interface ValueDeclaration {
  readonly name: string;
  readonly path: string;
  /** The doc comment as it is written; empty if there is none. */
  readonly doc: string;
  /** The text between the parentheses, of all overloads. */
  readonly parameters: string;
  /** The first name in the declared return type; for overloads, in that of the first overload. */
  readonly returns: string | undefined;
}

const TYPE = /\b(?:(interface)\s+(\w+)|type\s+(\w+))(?=[\s<={])/g;
const VALUE = /^export (?:async )?(?:function|const) (\w+)/gm;
const WORD = /\b[A-Z]\w*/g;

export function typesOf({ path, content }: TextFile): TypeDeclaration[] {
  const { text, code } = parseSource(path, content);
  return [...code.matchAll(TYPE)].flatMap((match): TypeDeclaration[] => {
    const name = match[2] ?? match[3] ?? '';
    const head = afterGenerics(code, match.index + match[0].length);
    if (match[1] === undefined) {
      if (!/^\s*=/.test(code.slice(head))) return [];
      const end = topLevel(code, head, /;/);
      return [{ name, path, fields: [], mentions: text.slice(head, end).match(WORD) ?? [] }];
    }
    const open = code.indexOf('{', head);
    const close = matching(code, open);
    const mentions = code.slice(head, open).match(WORD) ?? [];
    return [{ name, path, fields: fieldsIn(content, code, open + 1, close), mentions }];
  });
}

export function valuesOf({ path, content }: TextFile): ValueDeclaration[] {
  const { code } = parseSource(path, content);
  const found = new Map<string, ValueDeclaration>();
  for (const match of code.matchAll(VALUE)) {
    const name = match[1] as string;
    const open = afterGenerics(code, match.index + match[0].length);
    const close = code[open] === '(' ? matching(code, open) : undefined;
    const parameters = close === undefined ? '' : content.slice(open + 1, close);
    const before = found.get(name);
    if (before !== undefined) found.set(name, { ...before, parameters: `${before.parameters}, ${parameters}` });
    else {
      const doc = content.slice(0, match.index).match(/\/\*\*(?:(?!\*\/)[\s\S])*\*\/\s*$/)?.[0] ?? '';
      const returns = close === undefined ? undefined : /^\)\s*:\s*(\w+)/.exec(code.slice(close))?.[1];
      found.set(name, { name, path, doc, parameters, returns });
    }
  }
  return [...found.values()];
}

/** The members of an interface, without methods and call signatures. */
function fieldsIn(content: string, code: string, from: number, to: number): Field[] {
  const fields: Field[] = [];
  for (let start = from; start < to; ) {
    const end = Math.min(topLevel(code, start, /;/), to);
    const member = /^\s*(?:readonly\s+)?(\w+)(\??)\s*:/.exec(code.slice(start, end));
    if (member !== null) {
      const type = content.slice(start + member[0].length, end).trim();
      const before = content.slice(start, start + member[0].length);
      fields.push({ name: member[1] as string, optional: member[2] === '?', type, ...docOf(before) });
    }
    start = end + 1;
  }
  return fields;
}

function docOf(text: string): Pick<Field, 'doc' | 'byDefault'> {
  const comment = [...text.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\//g)].at(-1)?.[1] ?? '';
  const line = comment
    .replace(/^[ \t]*\*[ \t]?/gm, '')
    .replace(/\s+/g, ' ')
    .trim();
  const [doc = '', ...tags] = line.split(/(?:^|\s)@(?=\w)/);
  const byDefault = tags.find((tag) => tag.startsWith('default '))?.slice('default '.length);
  return { doc: doc.trim(), byDefault: byDefault?.trim() };
}

const PAIRS: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** The position of the bracket that closes the bracket at `open`. */
function matching(code: string, open: number): number {
  return topLevel(code, open + 1, new RegExp(`\\${PAIRS[code.charAt(open)]}`));
}

/** The first position of `what` after `from` that is not inside brackets opened after `from`; without one, the end. */
function topLevel(code: string, from: number, what: RegExp): number {
  let depth = 0;
  for (let at = from; at < code.length; at += 1) {
    const char = code.charAt(at);
    if (depth === 0 && what.test(char)) return at;
    if (char in PAIRS) depth += 1;
    else if (Object.values(PAIRS).includes(char)) depth -= 1;
  }
  return code.length;
}

/** The position after the type parameters that begin at `from`, or `from` when there are none. */
function afterGenerics(code: string, from: number): number {
  if (code[from] !== '<') return from;
  let depth = 0;
  for (let at = from; at < code.length; at += 1) {
    if (code[at] === '<') depth += 1;
    else if (code[at] === '>' && code[at - 1] !== '=') depth -= 1;
    if (depth === 0) return at + 1;
  }
  return code.length;
}
