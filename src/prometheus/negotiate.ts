/** What a client wants, from the headers `Accept` and `Accept-Encoding`. */
import type { Format } from './format.ts';

interface Wish {
  /** `text/plain` or `gzip`, in lower case. */
  readonly name: string;
  readonly parameters: ReadonlyMap<string, string>;
  /** From 0, never, to 1. */
  readonly q: number;
}

/**
 * OpenMetrics only for clients that name it: `*` and an empty header mean the text format 0.0.4, which every client can
 * read. Of two that are wanted equally, the first one.
 */
export function formatFor(accept: string | undefined): Format {
  const wishes = wishesIn(accept).filter(({ q }) => q > 0);
  // The sort keeps the order of equals.
  const formats = wishes.sort((a, b) => b.q - a.q || width(a) - width(b)).map(formatOf);
  return formats.find((format) => format !== undefined) ?? 'text';
}

/** Only for clients that name gzip: `*` allows it too, but every client can read what is not compressed. */
export function wantsGzip(acceptEncoding: string | undefined): boolean {
  const wishes = wishesIn(acceptEncoding);
  const q = (name: string) => Math.max(0, ...wishes.filter((wish) => wish.name === name).map((wish) => wish.q));
  return q('gzip') > 0 && q('gzip') >= q('identity');
}

function formatOf({ name, parameters }: Wish): Format | undefined {
  const version = parameters.get('version');
  if (name === 'application/openmetrics-text') return (version ?? '1.0.0') === '1.0.0' ? 'openmetrics' : undefined;
  if (name === 'text/plain') return (version ?? '0.0.4') === '0.0.4' ? 'text' : undefined;
  return name === 'text/*' || name === '*/*' ? 'text' : undefined;
}

/** `*` is less than a name: 0 for `text/plain`, 1 for `text/*`, 2 for both. */
function width({ name }: Wish): number {
  return name.split('*').length - 1;
}

/** A part that is not understood is no wish. */
function wishesIn(header = ''): Wish[] {
  return split(header.toLowerCase(), ',').flatMap((part) => {
    const [name = '', ...rest] = split(part, ';');
    const parameters = new Map(rest.map(parameterOf));
    const q = parameters.get('q') ?? '1';
    return /^(?:0(?:\.\d*)?|1(?:\.0*)?)$/.test(q) ? [{ name: name.trim(), parameters, q: Number(q) }] : [];
  });
}

function parameterOf(text: string): [string, string] {
  const [name = '', ...value] = text.split('=');
  return [name.trim(), value.join('=').trim().replaceAll('"', '')];
}

/** Not at a separator between quotes. */
function split(text: string, separator: string): string[] {
  const parts: string[] = [];
  let isQuoted = false;
  let start = 0;
  for (let i = 0; i < text.length; i += 1) {
    if (text[i] === '"') isQuoted = !isQuoted;
    if (isQuoted || text[i] !== separator) continue;
    parts.push(text.slice(start, i));
    start = i + 1;
  }
  return [...parts, text.slice(start)];
}
