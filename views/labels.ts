import type { Attributes } from '@opentelemetry/api';
import type { IAttributesProcessor } from '@opentelemetry/sdk-metrics';

/**
 * Keeps the attributes that `labels` names and renames them to labels. All other attributes are removed. The
 * instruments use one frozen object per series, so each is translated once.
 *
 * @param labels attribute names and their labels
 * @param values attribute values that are replaced, and their replacements
 */
export function relabel(
  labels: Readonly<Record<string, string>>,
  values: ReadonlyMap<unknown, string> = new Map(),
): IAttributesProcessor {
  const allowed = Object.entries(labels);
  const translations = new WeakMap<Attributes, Attributes>();
  const translate = (attributes: Attributes): Attributes => {
    const translated: Attributes = {};
    for (const [key, label] of allowed) {
      const value = attributes[key];
      if (value !== undefined) translated[label] = values.get(value) ?? value;
    }
    return Object.freeze(translated);
  };
  return {
    process: (incoming) => {
      const cached = translations.get(incoming);
      if (cached !== undefined) return cached;
      const translated = translate(incoming);
      if (Object.isFrozen(incoming)) translations.set(incoming, translated);
      return translated;
    },
  };
}
