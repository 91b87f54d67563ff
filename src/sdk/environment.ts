/** Reads environment variables. An invalid value is ignored with a warning: it never stops the program. */
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { warn } from './warn.ts';

/** `undefined` where the variable is unset or blank. */
export function textFrom(name: string): string | undefined {
  const value = process.env[name]?.trim();
  return value === '' ? undefined : value;
}

export type Signal = 'traces' | 'metrics';

/** The variable for the signal alone. */
export function signalVariable(signal: Signal, name: string): string {
  return `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${name}`;
}

/** The variable for the signal if it is set, else that for all signals. */
export function otlpVariable(signal: Signal, name: string): string {
  const own = signalVariable(signal, name);
  return textFrom(own) === undefined ? `OTEL_EXPORTER_OTLP_${name}` : own;
}

/** A list with commas between, in lower case: the values of OpenTelemetry's variables have no case. */
export function listFrom(name: string): readonly string[] {
  const items = textFrom(name)?.toLowerCase().split(',') ?? [];
  return items.map((item) => item.trim()).filter((item) => item !== '');
}

export function booleanFrom(name: string): boolean {
  const value = textFrom(name)?.toLowerCase();
  if (value !== undefined && value !== 'true' && value !== 'false') {
    warn(`${name} must be true or false, got ${JSON.stringify(value)}; false is used instead`);
  }
  return value === 'true';
}

export interface NumberRule {
  readonly min: number;
  readonly max: number;
  readonly otherwise: number;
  /** @default true */
  readonly integer?: boolean;
}

export function numberFrom(name: string, { min, max, otherwise, integer = true }: NumberRule): number {
  const text = textFrom(name);
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (value >= min && value <= max && (!integer || Number.isInteger(value))) return value;
  const kind = integer ? 'a whole number' : 'a number';
  warn(`${name} must be ${kind} from ${min} to ${max}, got ${JSON.stringify(text)}; ${otherwise} is used instead`);
  return otherwise;
}

export function oneOf<const T extends string>(name: string, allowed: readonly T[], otherwise: T): T {
  const text = textFrom(name);
  if (text === undefined) return otherwise;
  const known = allowed.find((value) => value === text.toLowerCase());
  if (known !== undefined) return known;
  warn(`${name} must be one of ${allowed.join(', ')}, got ${JSON.stringify(text)}; ${otherwise} is used instead`);
  return otherwise;
}

/** An http(s) URL. Warnings do not quote it: it may contain a password. */
export function urlFrom(name: string, otherwise: string): URL | undefined {
  const text = textFrom(name);
  if (text === undefined) return undefined;
  const url = httpUrl(text);
  if (url === undefined)
    warn(`${name} is not a URL that starts with http:// or https://; ${otherwise} is used instead`);
  return url;
}

export function httpUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined;
}

/** `key=value` pairs, percent-encoded and separated by commas. As OpenTelemetry says, one bad pair makes all invalid. */
export function pairsFrom(name: string): Readonly<Record<string, string>> {
  const text = textFrom(name);
  if (text === undefined) return {};
  try {
    const pairs = text.split(',').filter((pair) => pair.trim() !== '');
    return Object.fromEntries(pairs.map(pairOf));
  } catch {
    warn(`${name} must be key=value pairs separated by commas, other characters percent-encoded; all of it is ignored`);
    return {};
  }
}

function pairOf(pair: string): [string, string] {
  const [key = '', value, ...more] = pair.split('=').map((part) => decodeURIComponent(part.trim()));
  if (key === '' || value === undefined || more.length > 0) throw new SyntaxError('not key=value');
  return [key, value];
}

/**
 * Headers as `name=value`, percent-encoded and separated by commas. A header that cannot be sent is left out with a
 * warning, which does not quote the value: it is usually a token.
 */
export function headersFrom(variable: string): Readonly<Record<string, string>> {
  const pairs = textFrom(variable)?.split(',') ?? [];
  const headers: Record<string, string> = {};
  for (const pair of pairs.filter((each) => each.trim() !== '')) {
    const end = pair.indexOf('=');
    if (end < 0) {
      warn(`${variable} must be name=value pairs separated by commas; a part without = is ignored`);
      continue;
    }
    const name = pair.slice(0, end).trim();
    try {
      const value = decodeURIComponent(pair.slice(end + 1).trim());
      validateHeaderName(name);
      validateHeaderValue(name, value);
      headers[name] = value;
    } catch {
      warn(
        `${variable}: the header ${JSON.stringify(name)} is not sent, because its name or its value is not valid. ` +
          'A % in a value is written %25, a comma %2C',
      );
    }
  }
  return headers;
}
