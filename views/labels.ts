import type { Attributes } from '@opentelemetry/api';
import type { IAttributesProcessor } from '@opentelemetry/sdk-metrics';

/**
 * Lets through the attributes that `labels` names, under their Prometheus names, and nothing else. `values` renames
 * label values. Emitters share one frozen object per series, so each is translated once.
 */
export function relabel(
  labels: Readonly<Record<string, string>>,
  values: ReadonlyMap<unknown, string> = new Map(),
): IAttributesProcessor {
  const allowed = Object.entries(labels);
  const known = new WeakMap<Attributes, Attributes>();
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
      const before = known.get(incoming);
      if (before !== undefined) return before;
      const translated = translate(incoming);
      if (Object.isFrozen(incoming)) known.set(incoming, translated);
      return translated;
    },
  };
}
