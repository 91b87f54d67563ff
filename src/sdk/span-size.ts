import type { Attributes } from '@opentelemetry/api';
import type { ReadableSpan } from './span-types.ts';

const SPAN = 512;
const PART = 64;

/** About how many bytes a span takes until it is written: cheap, because it is asked for every span. */
export function estimatedBytes({ attributes, events, links, status }: ReadableSpan): number {
  let bytes = SPAN + (status.message?.length ?? 0) + charactersOf(attributes);
  for (const event of events) bytes += PART + charactersOf(event.attributes);
  for (const link of links) bytes += PART + charactersOf(link.attributes);
  return bytes;
}

function charactersOf(attributes: Attributes | undefined): number {
  let characters = 0;
  for (const key in attributes) {
    const value = attributes[key];
    characters += PART;
    if (typeof value === 'string') characters += value.length;
    else if (Array.isArray(value)) for (const each of value) characters += typeof each === 'string' ? each.length : 8;
  }
  return characters;
}
