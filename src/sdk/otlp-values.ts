/** Values as OTLP in JSON: what OTLP cannot hold is written as text, or dropped alone. */
import { types } from 'node:util';

/** Of one span. A character takes 6 bytes at most, so that one span never exceeds the 20 MiB that a Collector accepts. */
export const MOST_CHARACTERS = 2 * 1024 * 1024;
/** Counted for each value beside its text: empty values take place too. */
export const OVERHEAD = 64;
const DEEPEST = 8;

/** What is left for one span, and how many of its values were dropped. */
export interface Budget {
  characters: number;
  dropped: number;
}

/** Attributes as a list of OTLP's `KeyValue`, without its brackets. */
export function keyValues(source: object | undefined, budget: Budget, depth: number): string {
  let list = '';
  if (source === undefined || source === null) return list;
  for (const key of Object.keys(source)) {
    const isFull = budget.characters < OVERHEAD;
    // Before its value, which may take all that is left.
    const name = isFull ? '' : text(key, budget);
    const value = isFull ? undefined : anyValue(source, key, budget, depth);
    if (value === undefined) budget.dropped += 1;
    else list += `${list === '' ? '' : ','}{"key":${name},"value":{${value}}}`;
  }
  return list;
}

/** The inside of OTLP's `AnyValue`, `undefined` for a value that it cannot hold. */
function anyValue(source: object, key: string | number, budget: Budget, depth: number): string | undefined {
  budget.characters -= OVERHEAD;
  try {
    const value: unknown = (source as Record<string | number, unknown>)[key];
    switch (typeof value) {
      case 'string':
        return `"stringValue":${text(value, budget)}`;
      case 'boolean':
        return `"boolValue":${value}`;
      case 'number':
        return numberValue(value);
      case 'bigint':
        if (BigInt.asIntN(64, value) === value) return `"intValue":"${value}"`;
        // Beyond a double it may have a million digits, which take minutes to write.
        return Number.isFinite(Number(value)) ? `"stringValue":"${value}"` : undefined;
      case 'object':
        return value === null || depth === DEEPEST ? undefined : objectValue(value, budget, depth + 1);
      default:
        return undefined;
    }
  } catch {
    // A getter or a proxy of the program.
    return undefined;
  }
}

function numberValue(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 63) return `"intValue":"${value}"`;
  return Number.isFinite(value) ? `"doubleValue":${value}` : `"stringValue":"${value}"`;
}

function objectValue(value: object, budget: Budget, depth: number): string | undefined {
  if (types.isUint8Array(value)) {
    if (value.byteLength * 1.5 > budget.characters) return undefined;
    const base64 = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
    budget.characters -= base64.length;
    return `"bytesValue":"${base64}"`;
  }
  if (types.isDate(value)) return `"stringValue":"${value.toISOString()}"`;
  if (!Array.isArray(value)) return `"kvlistValue":{"values":[${keyValues(value, budget, depth)}]}`;
  const values: string[] = [];
  for (let i = 0; i < value.length && budget.characters >= OVERHEAD; i += 1) {
    // An element that cannot be written keeps its place.
    values.push(`{${anyValue(value, i, budget, depth) ?? ''}}`);
  }
  return `"arrayValue":{"values":[${values.join()}]}`;
}

/** The text in quotes, cut to what is left. */
export function text(value: string, budget: Budget): string {
  const kept = value.length > budget.characters ? value.slice(0, Math.max(0, budget.characters)) : value;
  budget.characters -= kept.length;
  return quoted(kept);
}

/** A text of JSON, without halves of surrogate pairs. */
export function quoted(value: string): string {
  return JSON.stringify(value.toWellFormed());
}
