import { isJson } from './api.ts';

/** Schemas may refer to themselves. */
const DEEPEST = 8;

/** A small value that follows a JSON schema. A text is `text`, so that the answer has something of the question. */
export function exampleOf(schema: unknown, text: string, root = schema, depth = 0): unknown {
  if (!isJson(schema) || depth > DEEPEST) return null;
  const example = (inner: unknown) => exampleOf(inner, text, root, depth + 1);
  if (schema.const !== undefined) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if (typeof schema.$ref === 'string') return example(definition(root, schema.$ref));
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (Array.isArray(choices)) return example(choices[0]);
  // Google writes types in capitals.
  const type = String(Array.isArray(schema.type) ? schema.type[0] : schema.type).toLowerCase();
  if (type === 'object' || isJson(schema.properties)) {
    const properties = isJson(schema.properties) ? schema.properties : {};
    return Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, example(inner)]));
  }
  if (type === 'array') return [example(schema.items)];
  if (type === 'number' || type === 'integer') return typeof schema.minimum === 'number' ? schema.minimum : 1;
  if (type === 'boolean') return true;
  return type === 'null' ? null : text;
}

function definition(root: unknown, reference: string): unknown {
  let found = root;
  for (const key of reference.split('/').slice(1)) found = isJson(found) ? found[key] : undefined;
  return found;
}
