/**
 * Spans of other instrumentations, in the current names of the GenAI conventions. They are added beside what the span has, so
 * that the rest of Studio knows one set of names.
 *
 * Read: the Vercel AI SDK 4 to 6, OpenLLMetry, OpenInference, older GenAI conventions, and what LangSmith, Langfuse, MLflow,
 * Mastra and Pydantic AI send.
 */
import type { Attributes, AttributeValue, StudioSpan } from '../model/span.ts';
import { conversationOf } from './foreign-messages.ts';
import { MODEL_NAMES, NAMES, type Names, OPERATION_NAMES, operationOf, providerOf, tagsOf } from './foreign-names.ts';

/** One call to a model each. A span around it repeats its usage, and gets none: tokens would count twice. */
const MODEL_CALLS: ReadonlySet<string> = new Set(['chat', 'text_completion', 'generate_content', 'embeddings']);
const OURS = 'tta-primitives';
/** Events with the first part of a reply. */
const FIRST_CHUNKS: ReadonlySet<string> = new Set([
  'gen_ai.content.completion.chunk',
  'llm.content.completion.chunk',
  'First Token Stream Event',
]);

export function withStandardNames(span: StudioSpan): StudioSpan {
  if (span.scope === OURS) return span;
  const { attributes } = span;
  const operation = operationOf(span);
  const names: Record<string, AttributeValue> = { ...tagsOf(attributes), ...read(NAMES, attributes) };
  if (operation !== undefined && Object.hasOwn(OPERATION_NAMES, operation)) {
    Object.assign(names, read(OPERATION_NAMES[operation] ?? {}, attributes));
  }
  if (operation !== undefined && MODEL_CALLS.has(operation)) Object.assign(names, ofModelCall(span));
  for (const name of Object.keys(names)) if (isPresent(attributes[name])) delete names[name];
  // Names of earlier versions are replaced: `completion` is `text_completion`.
  if (operation !== undefined && operation !== attributes['gen_ai.operation.name']) {
    names['gen_ai.operation.name'] = operation;
  }
  // The conventions ask for both, and some programs set the type alone.
  const isFailure = operation !== undefined && span.status === 'unset' && isPresent(attributes['error.type']);
  if (Object.keys(names).length === 0 && !isFailure) return span;
  return { ...span, status: isFailure ? 'error' : span.status, attributes: { ...attributes, ...names } };
}

function ofModelCall(span: StudioSpan): Record<string, AttributeValue> {
  const provider = providerOf(span.attributes);
  const firstChunk = span.events.find(({ name }) => FIRST_CHUNKS.has(name));
  const seconds = firstChunk && Math.max(0, firstChunk.atUs - span.startUs) / 1e6;
  return {
    ...(provider === undefined ? {} : { 'gen_ai.provider.name': provider }),
    ...(seconds === undefined ? {} : { 'gen_ai.response.time_to_first_chunk': seconds }),
    ...conversationOf(span),
    ...read(MODEL_NAMES, span.attributes),
  };
}

/** The first source of each name that has a value. */
function read(names: Names, attributes: Attributes): Record<string, AttributeValue> {
  const found: Record<string, AttributeValue> = {};
  for (const [name, sources] of Object.entries(names)) {
    for (const source of sources) {
      const value = source(attributes);
      if (value === undefined) continue;
      found[name] = value;
      break;
    }
  }
  return found;
}

function isPresent(value: AttributeValue | undefined): boolean {
  return value !== undefined && value !== null && value !== '';
}
