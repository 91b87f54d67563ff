import type { Attributes } from '@opentelemetry/api';
import { copyText } from '../platform/copy-text.ts';
import { MAX_SERIES, OTHER } from './semconv.ts';

/** The maximum length of a label, in characters. Longer names are cut. */
const MAX_LABEL_LENGTH = 256;

/** An author's name as telemetry shows it: cut to the maximum length, and valid Unicode. */
export function labelValue(value: string): string {
  if (value.length <= MAX_LABEL_LENGTH) return value.toWellFormed();
  return copyText(`${value.slice(0, MAX_LABEL_LENGTH - 1)}…`);
}

/** The attributes with every text cut. Every span has names: 10,000 characters in each would make batches too large. */
export function boundedAttributes(attributes: Attributes): Attributes {
  const bounded: Attributes = {};
  for (const key in attributes) {
    const value = attributes[key];
    bounded[key] = typeof value === 'string' ? labelValue(value) : value;
  }
  return Object.freeze(bounded);
}

/** Makes the value for one set of labels. `overflow` is true for the set that is used when there are too many sets. */
type Make<T> = (attributes: Attributes, overflow: boolean) => T;

/**
 * The sets of labels of one instrument, each with its value, at most `MAX_SERIES`. A value is made once. `fixed`
 * attributes are the same in every set.
 */
export class LabelSets<T> {
  readonly #known = new Map<string, T>();
  readonly #keys: readonly string[];
  readonly #fixed: Attributes;
  readonly #make: Make<T>;
  #overflow: T | undefined;

  constructor(keys: readonly string[], fixed: Attributes, make: Make<T>) {
    this.#keys = keys;
    this.#fixed = fixed;
    this.#make = make;
  }

  /** The value for the set with these labels, which are in the order of the keys. */
  get(values: readonly string[]): T {
    const bounded = values.map(labelValue);
    // No separator: a name may contain any character.
    const key = bounded.length === 1 ? (bounded[0] as string) : JSON.stringify(bounded);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    // An author's name `__other__` must not make a second series with that label: a reader keeps only one of them.
    const isOther = bounded.length > 0 && bounded.every((value) => value === OTHER);
    if (isOther || this.#known.size >= MAX_SERIES - 1) {
      this.#overflow ??= this.#make(this.#attributes(this.#keys.map(() => OTHER)), true);
      return this.#overflow;
    }
    // A series is kept for the life of the process, and a name may be a part of a document.
    const made = this.#make(this.#attributes(bounded.map(copyText)), false);
    this.#known.set(copyText(key), made);
    return made;
  }

  /** Frozen because the SDK keeps the object itself, not a copy. */
  #attributes(values: readonly string[]): Attributes {
    return Object.freeze({ ...Object.fromEntries(this.#keys.map((key, i) => [key, values[i]])), ...this.#fixed });
  }

  *[Symbol.iterator](): Iterator<T> {
    yield* this.#known.values();
    if (this.#overflow !== undefined) yield this.#overflow;
  }
}
