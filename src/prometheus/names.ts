/** Names and labels as Prometheus takes them, whatever the names and attributes of the instruments are. */
import type { Attributes } from '@opentelemetry/api';
import { copyText } from '../platform/copy-text.ts';

/** Prometheus, or a scrape configuration, gives these labels a meaning of their own. */
export const RESERVED: ReadonlySet<string> = new Set(['job', 'instance', 'le', 'quantile', '__name__']);
/** The maximum length of a label's value, in characters. Longer values are cut. */
const MAX_VALUE_LENGTH = 1_024;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** The name of a metric; `undefined` where nothing usable is left of it. */
export function metricName(name: string, prefix = ''): string | undefined {
  const usable = `${prefix}${name.replace(/[^a-zA-Z0-9_:]/g, '_').replace(/_{2,}/g, '_')}`;
  if (usable === '' || usable === '_') return undefined;
  return /^\d/.test(usable) ? `_${usable}` : usable;
}

export function labelName(key: string): string {
  if (LABEL_NAME.test(key) && !key.includes('__')) return key;
  const usable = key.replace(/[^a-zA-Z0-9_]/g, '_').replace(/_{2,}/g, '_');
  return usable === '' || /^\d/.test(usable) ? `_${usable}` : usable;
}

/**
 * `a="1",b="2"`, sorted by name. Values of keys that become one label are joined with `;`, in the order of the keys.
 *
 * @param taken labels that every series of the metric has already, such as the scope's
 */
export function labelText(attributes: Attributes, taken: ReadonlySet<string> = RESERVED): string {
  const labels = new Map<string, string>();
  for (const key of Object.keys(attributes).sort()) {
    const value = attributes[key];
    if (value === undefined || value === null) continue;
    const usable = labelName(key);
    const name = taken.has(key) || taken.has(usable) ? `exported_${taken.has(key) ? key : usable}` : usable;
    const before = labels.get(name);
    labels.set(name, before === undefined ? valueText(value) : `${before};${valueText(value)}`);
  }
  return [...labels]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',');
}

function valueText(value: unknown): string {
  const text = typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text.length > MAX_VALUE_LENGTH ? copyText(`${text.slice(0, MAX_VALUE_LENGTH - 1)}…`) : text.toWellFormed();
}

function escapeLabel(value: string): string {
  if (!/[\\"\n\0]/.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\0', '\uFFFD');
}
