/**
 * The text of `labelKey` for attributes that have the keys of those before, as nearly all points of a metric have: what
 * depends on the keys alone is known then.
 */
import type { Attributes } from '@opentelemetry/api';
import { isLabel, isPlainValue, MAX_LABELS } from './names.ts';

/** The keys of the last attributes, and for each label what stands before its value; none where the text is not as simple. */
interface Shape {
  readonly keys: readonly string[];
  readonly labels: readonly (readonly [key: string, begin: string])[] | undefined;
}

export class QuickKey {
  readonly #reserved: ReadonlySet<string>;
  #last: Shape = { keys: [], labels: [] };

  constructor(reserved: ReadonlySet<string>) {
    this.#reserved = reserved;
  }

  /** `undefined` where only `labelKey` knows it. */
  of(attributes: Attributes): string | undefined {
    const keys = Object.keys(attributes);
    if (!isSame(keys, this.#last.keys)) this.#last = { keys, labels: this.#labelsOf(keys) };
    const { labels } = this.#last;
    if (labels === undefined) return undefined;
    let text = '';
    try {
      for (const [key, begin] of labels) {
        const value: unknown = attributes[key];
        if (typeof value !== 'string' || !isPlainValue(value)) return undefined;
        text += `${begin}${value}"`;
      }
    } catch {
      return undefined;
    }
    return text;
  }

  #labelsOf(keys: readonly string[]): Shape['labels'] {
    if (keys.length > MAX_LABELS || !keys.every((key) => isLabel(key, this.#reserved))) return undefined;
    return keys.toSorted().map((key, i) => [key, `${i === 0 ? '' : ','}${key}="`]);
  }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}
