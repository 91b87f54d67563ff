/**
 * The value of a property of an object that other people made: an error, a configuration, a reply. `undefined` where
 * there is no such property, where `value` is no object, and where reading it throws.
 */
export function readProperty(value: unknown, key: PropertyKey): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    return (value as Readonly<Record<PropertyKey, unknown>>)[key];
  } catch {
    return undefined;
  }
}
