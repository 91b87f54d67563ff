/** Reads the text format 0.0.4 of Prometheus. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Exposition {
  readonly samples: readonly Sample[];
  /** The type of each metric, by its name. */
  readonly types: ReadonlyMap<string, string>;
}

const BLANK = /[ \t]*/y;
const NAME = /[a-zA-Z_:][\w:]*/y;
const COMMENT = /#[^\n]*/y;
const METADATA = /#[ \t]+(HELP|TYPE)[ \t]+/y;
/** One byte separates it from the name: a second blank is part of the text, and no other character may begin it. */
const TEXT = /(?:[^\n\x80-\uffff]([^\n]*))?/y;
const OPEN = /[ \t]*\{[ \t]*/y;
const CLOSE = /\}/y;
const LABEL_NAME = /[a-zA-Z_]\w*/y;
const QUOTED = /"([^\\"]*(?:\\[^\n][^\\"]*)*)"/y;
const EQUAL = /=[ \t]*/y;
const COMMA = /,[ \t]*/y;
const VALUE = /[ \t]*([^{ \t\n]+)/y;
const TIMESTAMP = /[ \t]+(\d+)/y;
const END = /[ \t]*(?:\n|$)/y;

const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];
/** What Go reads as a float, without hexadecimal digits and underscores, which Prometheus refuses. */
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;
const LARGEST_TIMESTAMP = 2n ** 63n - 1n;

/**
 * Accepts and refuses what Prometheus does when it scrapes. `promtool check metrics` has another parser, which refuses
 * a little more: a last line without its end, a second TYPE of a metric, an unknown escape.
 *
 * @throws SyntaxError at the first line that is not in the format
 */
export function parseExposition(text: string): Exposition {
  const samples: Sample[] = [];
  const types = new Map<string, string>();
  let at = 0;

  /** The match at the current position, which it then passes. */
  function take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = at;
    const match = pattern.exec(text) ?? undefined;
    if (match !== undefined) at = pattern.lastIndex;
    return match;
  }

  /** One line that is neither empty nor a comment; `false` when it is not in the format. */
  function readLine(): boolean {
    const keyword = take(METADATA)?.[1];
    if (keyword !== undefined) return readMetadata(keyword);
    if (take(COMMENT) !== undefined) return true;
    const sample = readSample();
    if (sample === undefined) return false;
    samples.push(sample);
    return true;
  }

  function readMetadata(keyword: string): boolean {
    const name = take(NAME)?.[0] ?? unescaped(take(QUOTED)?.[1]);
    if (name === undefined) return false;
    const rest = take(TEXT)?.[1] ?? '';
    if (keyword === 'HELP') return true;
    types.set(name, rest);
    return TYPES.includes(rest);
  }

  function readSample(): Sample | undefined {
    let name = take(NAME)?.[0];
    const labels = new Map<string, string>();
    if (take(OPEN) !== undefined) {
      while (take(CLOSE) === undefined) {
        const plain = take(LABEL_NAME)?.[0];
        const key = plain ?? unescaped(take(QUOTED)?.[1]);
        if (key === undefined || key === '') return undefined;
        take(BLANK);
        if (take(EQUAL) !== undefined) {
          const value = unescaped(take(QUOTED)?.[1]);
          if (value === undefined || key === '__name__' || labels.has(key)) return undefined;
          labels.set(key, value);
          take(BLANK);
          take(COMMA);
        } else {
          // A name in quotation marks without a value is the name of the metric.
          if (plain !== undefined || name !== undefined) return undefined;
          name = key;
          if (take(COMMA) === undefined && text[at] !== '}') return undefined;
        }
      }
    }
    const value = parseValue(take(VALUE)?.[1] ?? '');
    const timestamp = BigInt(take(TIMESTAMP)?.[1] ?? 0);
    if (name === undefined || value === undefined || timestamp > LARGEST_TIMESTAMP) return undefined;
    // Not an object literal: a label may have the name __proto__.
    return { name, labels: Object.fromEntries(labels), value };
  }

  while (at < text.length) {
    take(BLANK);
    const start = at;
    if (take(END) !== undefined) continue;
    if (readLine() && take(END) !== undefined) continue;
    const line = text.slice(0, start).split('\n').length;
    throw new SyntaxError(`line ${line} is not a sample: ${text.slice(start).split('\n', 1)[0]?.slice(0, 200)}`);
  }
  return { samples, types };
}

const unescaped = (text: string | undefined) =>
  text?.replace(/\\([\\"n])/g, (_, char: string) => (char === 'n' ? '\n' : char));

function parseValue(text: string): number | undefined {
  if (/^nan$/i.test(text)) return Number.NaN;
  const [, sign] = INFINITE.exec(text) ?? [];
  if (sign !== undefined) return sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const value = DECIMAL.test(text) ? Number(text) : undefined;
  // Prometheus refuses a number that is too large for a float.
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}

/** The samples with this name whose labels include `labels`. */
export function select(
  { samples }: Exposition,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): readonly Sample[] {
  return samples.filter(
    (sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  );
}

/** The sum of the values; 0 without samples. */
export function sum(samples: readonly Sample[]): number {
  return samples.reduce((total, { value }) => total + value, 0);
}

/** The sum of the samples with this name whose labels include `labels`; 0 without samples. */
export function sumOf(exposition: Exposition, name: string, labels?: Readonly<Record<string, string>>): number {
  return sum(select(exposition, name, labels));
}
