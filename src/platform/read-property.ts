/**
 * Reads a property of an object that other code made: an error, a configuration, a reply. Returns `undefined` when the
 * property does not exist, when `value` is not an object, and when reading throws.
 */
export function readProperty(value: unknown, key: PropertyKey): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    return (value as Readonly<Record<PropertyKey, unknown>>)[key];
  } catch {
    return undefined;
  }
}
