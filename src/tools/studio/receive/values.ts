/** The texts and values of a span, within a limit of bytes. */
import { copyText } from '../../../platform/copy-text.ts';
import type { Attributes, AttributeValue } from '../model/span.ts';

/** An object of OTLP: parsed JSON, or decoded protobuf. */
export type Fields = Readonly<Record<string, unknown>>;

export interface ValueReader {
  /** @param longest characters. @default 32,768 */
  text(value: unknown, longest?: number): string;
  attributes(owner: Fields): Attributes;
  /** What was read so far needs about this much. */
  bytes(): number;
  /** Counts values that were left out elsewhere. */
  leftOut(count: number): void;
  /** How many values were left out or cut so far. */
  cut(): number;
}

const MAX_TEXT_LENGTH = 32 * 1024;
const MAX_KEY_LENGTH = 1_024;
const MAX_DEPTH = 8;
/** A value with its key, besides their characters. */
const VALUE_BYTES = 64;
/** With less than this no further value is begun: nothing would be left of it. */
const LEAST_BYTES = 4 * 1024;
/** A longer text, a list and a map come last: they may leave no room for others. */
const SMALL_LENGTH = 256;
/** What Studio shows of a model call or a primitive, whoever made it. */
const SHOWN = /^(?:tta|gen_ai|service|session|error|ai|llm|traceloop|openinference)\./;

/** Reads values as long as there is room for them. What is left out or cut is counted. */
export function createValueReader(maxBytes: number): ValueReader {
  let bytes = 0;
  let cut = 0;
  const hasRoom = () => maxBytes - bytes >= LEAST_BYTES;

  function text(value: unknown, longest = MAX_TEXT_LENGTH): string {
    const given = typeof value === 'string' ? value : '';
    const most = Math.min(longest, Math.max(0, Math.floor((maxBytes - bytes) / 2)));
    const isCut = given.length > most;
    const kept = isCut ? `${copyText(given.slice(0, most))}…` : given;
    bytes += 2 * kept.length;
    if (isCut) cut += 1;
    return kept;
  }

  /** The first items, as many as there is room for. */
  function fitting<T>(items: readonly Fields[], read: (item: Fields) => T): T[] {
    const kept: T[] = [];
    for (const item of items) {
      if (!hasRoom()) break;
      bytes += VALUE_BYTES;
      kept.push(read(item));
    }
    cut += items.length - kept.length;
    return kept;
  }

  const pair = (depth: number) => (item: Fields) => [text(item.key, MAX_KEY_LENGTH), value(item.value, depth)] as const;

  function value(given: unknown, depth: number): AttributeValue {
    if (!isFields(given)) return null;
    const string = field(given, 'stringValue');
    if (typeof string === 'string') return text(string);
    const bool = field(given, 'boolValue');
    if (typeof bool === 'boolean') return bool;
    const int = field(given, 'intValue');
    // A larger one is not exact as a number.
    if (isPresent(int)) return Number.isSafeInteger(Number(int)) ? Number(int) : text(String(int));
    const double = field(given, 'doubleValue');
    // JSON, which keeps spans and shows them, has no word for the others.
    if (isPresent(double)) return Number.isFinite(Number(double)) ? Number(double) : text(String(double));
    const blob = field(given, 'bytesValue');
    if (typeof blob === 'string') return text(blob);
    if (blob instanceof Uint8Array) {
      cut += blob.length > MAX_TEXT_LENGTH ? 1 : 0;
      return text(Buffer.from(blob.subarray(0, MAX_TEXT_LENGTH)).toString('base64'), 2 * MAX_TEXT_LENGTH);
    }
    const array = field(given, 'arrayValue');
    const map = field(given, 'kvlistValue');
    if (!isFields(array) && !isFields(map)) return null;
    if (depth < MAX_DEPTH) {
      if (isFields(array)) return fitting(list(array, 'values'), (item) => value(item, depth + 1));
      if (isFields(map)) return Object.fromEntries(fitting(list(map, 'values'), pair(depth + 1)));
    }
    cut += 1;
    return null;
  }

  return {
    text,
    attributes: (owner) => Object.fromEntries(fitting(byImportance(list(owner, 'attributes')), pair(0))),
    bytes: () => bytes,
    leftOut(count) {
      cut += count;
    },
    cut: () => cut,
  };
}

function isPresent(value: unknown): value is string | number | bigint {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint';
}

/** Small values first, and among them those that Studio shows: a span with too many others keeps them. */
function byImportance(pairs: readonly Fields[]): readonly Fields[] {
  const ranks: Fields[][] = [[], [], [], []];
  for (const pair of pairs) {
    const isShown = typeof pair.key === 'string' && SHOWN.test(pair.key);
    ranks[(isSmall(pair.value) ? 0 : 2) + (isShown ? 0 : 1)]?.push(pair);
  }
  return ranks.flat();
}

function isSmall(value: unknown): boolean {
  if (!isFields(value)) return true;
  const [first] = Object.values(value);
  return typeof first === 'string' ? first.length <= SMALL_LENGTH : !isFields(first) && !(first instanceof Uint8Array);
}

/** @throws TypeError when it is not a list of objects */
export function list(fields: Fields, name: string): readonly Fields[] {
  const value = field(fields, name);
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || !value.every(isFields)) {
    throw new TypeError(`The body is not an ExportTraceServiceRequest: ${name} must be a list of objects`);
  }
  return value;
}

const snakeNames = new Map<string, string>();

/** A field by its name in JSON, else by that in protobuf: `resourceSpans` or `resource_spans`. Senders have both. */
export function field(fields: Fields, name: string): unknown {
  const value = fields[name];
  if (value !== undefined) return value;
  let snake = snakeNames.get(name);
  if (snake === undefined) {
    snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    snakeNames.set(name, snake);
  }
  return fields[snake];
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
