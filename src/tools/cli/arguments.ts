/** Parsers for the values of options. The message of an error is printed after the value that was given. */
import { InvalidArgumentError } from 'commander';
import { httpUrl } from '../../sdk/environment.ts';
import type { Threshold } from '../export/thresholds.ts';

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value < Number.POSITIVE_INFINITY)) {
    throw new InvalidArgumentError('It must be a number above 0.');
  }
  return value;
}

/** A limit in megabytes that leaves room for something. */
export function megabytes(text: string): number {
  const value = positiveNumber(text);
  if (value < 1 || value > 1e9) throw new InvalidArgumentError('It must be a number from 1 to 1000000000.');
  return value;
}

export function positiveInteger(text: string): number {
  const value = positiveNumber(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError('It must be a whole number above 0.');
  return value;
}

/** More processes than any machine has a use for would take its memory before one of them works. */
const MOST_WORKERS = 1_000;

export function workerCount(text: string): number {
  const value = positiveInteger(text);
  if (value > MOST_WORKERS) throw new InvalidArgumentError(`It must be at most ${MOST_WORKERS}.`);
  return value;
}

/** Collects the values of an option that is given several times. */
export function collect(text: string, previous: readonly string[] = []): string[] {
  return [...previous, text];
}

export function threshold(text: string, previous: readonly Threshold[] = []): Threshold[] {
  const [, name, number] = /^([\w:]+)=(-?\d+(?:\.\d+)?)$/.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('It must be RULE=NUMBER, such as TTAHighErrorRate=2.');
  return [...previous.filter((each) => each.name !== name), { name, value: Number(number) }];
}

export function url(text: string): string {
  if (httpUrl(text) !== undefined) return text;
  throw new InvalidArgumentError('It must be a URL that starts with http:// or https://.');
}

export function collectUrls(text: string, previous?: readonly string[]): string[] {
  return collect(url(text), previous);
}

export function rate(text: string): number | 'max' {
  return text === 'max' ? text : positiveNumber(text);
}

export function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError('It must be a number from 0 to 1.');
  return value;
}

export function port(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < 0 || value > 65_535) {
    throw new InvalidArgumentError('It must be a port from 0 to 65535; 0 uses any free port.');
  }
  return value;
}

/** A day in UTC, or a moment, as milliseconds since 1970. */
export function date(text: string): number {
  const value = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(value)) throw new InvalidArgumentError('It must be a date such as 2026-01-31.');
  return value;
}
