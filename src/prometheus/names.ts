/** Names and labels as Prometheus takes them, whatever the names and attributes of the instruments are. */
import type { Attributes, AttributeValue } from '@opentelemetry/api';
import { copyText } from '../platform/copy-text.ts';

/** Prometheus, a scrape configuration or this exporter gives these labels a meaning of their own. */
export const RESERVED: ReadonlySet<string> = new Set([
  ...['job', 'instance', 'le', 'quantile', '__name__'],
  ...['otel_scope_name', 'otel_scope_version', 'otel_scope_schema_url'],
]);
/** The labels that stay reserved where the author of the resource has chosen `job` or `instance`. */
export const RESERVED_FOR_CONSTANTS: ReadonlySet<string> = new Set(
  [...RESERVED].filter((name) => name !== 'job' && name !== 'instance'),
);
/** The value of the labels of the series that has what is above the limits. */
export const OTHER = '__other__';

/** The maximum length of a label's value, in characters. Longer values are cut. */
const MAX_VALUE_LENGTH = 1_024;
/** The maximum length of a name, in characters, as for the instruments of OpenTelemetry. */
const MAX_NAME_LENGTH = 255;
/** Labels above this number are left out. */
export const MAX_LABELS = 64;
/** What is escaped or replaced. */
const NOT_PLAIN = /[\\"\n\0\ud800-\udfff]/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** The name of a metric; `undefined` where nothing usable is left of it. */
export function metricName(name: unknown, prefix = ''): string | undefined {
  if (typeof name !== 'string') return undefined;
  const whole = prefix.replace(/[^a-zA-Z0-9_]/g, '_') + sanitized(name);
  if (whole === '' || whole === '_') return undefined;
  return /^\d/.test(whole) ? `_${whole}` : whole;
}

function labelName(key: string): string {
  if (LABEL_NAME.test(key) && !key.includes('__') && key.length <= MAX_NAME_LENGTH) return key;
  const usable = sanitized(key);
  return usable === '' || /^\d/.test(usable) ? `_${usable}` : usable;
}

function sanitized(name: string): string {
  return copyText(
    name
      .slice(0, MAX_NAME_LENGTH)
      .replace(/[^a-zA-Z0-9_]/g, '_')
      .replace(/_{2,}/g, '_'),
  );
}

/**
 * `a="1",b="2"`, in the order of the attributes. Values of keys that become one label are joined with `;`, in the order
 * of the keys.
 *
 * @param reserved labels that have a meaning of their own: a key of that name becomes `exported_<name>`
 */
export function labelText(attributes: Attributes, reserved: ReadonlySet<string> = RESERVED): string {
  const labels = labelsOf(attributes, reserved);
  const names = new Set(Object.keys(attributes).map((key) => labelOf(key, reserved)));
  return textOf([...names].filter((name) => labels.has(name)).map((name) => [name, labels.get(name) ?? '']));
}

/** Two texts of labels as one. */
export function joinLabels(labels: string, more: string): string {
  return labels === '' || more === '' ? labels + more : `${labels},${more}`;
}

/** The labels as text that is the same for the same labels in any order. */
export function labelKey(attributes: Attributes, reserved: ReadonlySet<string>): string {
  const labels = labelsOf(attributes, reserved);
  return textOf(isSorted(labels.keys()) ? labels : [...labels].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function labelsOf(attributes: Attributes, reserved: ReadonlySet<string>): Map<string, string> {
  const labels = new Map<string, string>();
  for (const key of sortedKeys(attributes)) {
    const value = valueText(attributes, key);
    if (value === undefined) continue;
    const name = labelOf(key, reserved);
    const before = labels.get(name);
    if (before === undefined && labels.size >= MAX_LABELS) continue;
    labels.set(name, before === undefined ? value : cut(`${before};${value}`));
  }
  return labels;
}

function textOf(labels: Iterable<readonly [string, string]>): string {
  let text = '';
  for (const [name, value] of labels) text += `${text === '' ? '' : ','}${name}="${escapeLabel(value)}"`;
  return text;
}

function sortedKeys(attributes: Attributes): readonly string[] {
  const keys = Object.keys(attributes);
  return isSorted(keys) ? keys : keys.sort();
}

function isSorted(texts: Iterable<string>): boolean {
  let before = '';
  for (const text of texts) {
    if (text < before) return false;
    before = text;
  }
  return true;
}

/** The names of the labels of constant attributes. */
export function labelNames(attributes: Attributes): readonly string[] {
  return Object.keys(attributes).map((key) => labelOf(key, RESERVED_FOR_CONSTANTS));
}

/** Whether the label of a key is the key itself. */
export function isLabel(key: string, reserved: ReadonlySet<string>): boolean {
  return labelOf(key, reserved) === key;
}

/** Whether the text of a label's value is the value itself. */
export function isPlainValue(value: string): boolean {
  return value !== '' && value.length <= MAX_VALUE_LENGTH && !NOT_PLAIN.test(value);
}

function labelOf(key: string, reserved: ReadonlySet<string>): string {
  let name = reserved.has(key) ? key : labelName(key);
  // A constant label can have such a name too.
  while (reserved.has(name)) name = `exported_${name}`;
  return name;
}

/** The attributes as they are kept: what is shown of them, in memory of its own. */
export function copyOf(attributes: Attributes): Attributes {
  if (isShared(attributes)) return attributes;
  const shown = sortedKeys(attributes).filter((key) => valueText(attributes, key) !== undefined);
  const first = new Set(shown.slice(0, MAX_LABELS));
  const kept: [string, AttributeValue][] = [];
  for (const key of Object.keys(attributes)) {
    const text = valueText(attributes, key);
    if (text === undefined || !first.has(key)) continue;
    const value = attributes[key];
    const isPlain = typeof value === 'number' || typeof value === 'boolean';
    kept.push([cut(key, MAX_NAME_LENGTH), isPlain ? value : copyText(text)]);
  }
  // Not an object literal: a key may be __proto__.
  return Object.fromEntries(kept);
}

/** Whether the labels of this object are the same for ever, and short. Those of our own instruments are. */
export function isShared(attributes: Attributes): boolean {
  if (!Object.isFrozen(attributes)) return false;
  return Object.values(attributes).every((value) =>
    typeof value === 'string'
      ? value.length <= MAX_VALUE_LENGTH
      : typeof value === 'number' || typeof value === 'boolean',
  );
}

/** The same labels with values that say that they are not known. */
export function otherLabels(attributes: Attributes, reserved: ReadonlySet<string>): Attributes {
  const keys = new Map<string, string>();
  for (const key of sortedKeys(attributes)) {
    const isShown = valueText(attributes, key) !== undefined && keys.size < MAX_LABELS;
    if (isShown && !keys.has(labelOf(key, reserved))) keys.set(labelOf(key, reserved), cut(key, MAX_NAME_LENGTH));
  }
  return Object.fromEntries([...keys.values()].map((key) => [key, OTHER]));
}

/** `undefined` for what has no text: functions, symbols, objects that throw when they are read, and the empty text. */
function valueText(attributes: Attributes, key: string): string | undefined {
  try {
    const value: unknown = attributes[key];
    // For Prometheus, a label with an empty value is no label.
    if (typeof value === 'string') return value === '' ? undefined : cut(value);
    if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
    if (typeof value !== 'object' || value === null) return undefined;
    const json: unknown = JSON.stringify(value);
    return typeof json === 'string' ? cut(json) : undefined;
  } catch {
    return undefined;
  }
}

/** At most `length` characters, and no half of a pair. */
export function cut(text: string, length = MAX_VALUE_LENGTH): string {
  if (text.length <= length) return text.toWellFormed();
  const end = length - 1;
  const isPair = (text.charCodeAt(end - 1) & 0xfc00) === 0xd800;
  return copyText(`${text.slice(0, isPair ? end - 1 : end)}…`);
}

function escapeLabel(value: string): string {
  if (!/[\\"\n\0]/.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\0', '\uFFFD');
}
