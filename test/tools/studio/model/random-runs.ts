/** Runs of any form, for properties. */
import fc from 'fast-check';
import type { StudioSpan } from '../../../../src/tools/studio/model/span.ts';
import { chat, primitive, retryEvent, span } from './spans.ts';

const kind = fc.constantFrom('task', 'retry', 'fallback', 'map', 'sequential', 'chat', 'foreign', 'request', 'cache');
const node = fc.record({
  kind,
  label: fc.constantFrom('a', 'b', 'c'),
  /** Which span before it is its parent; a number beyond them: one that never comes. */
  parent: fc.nat({ max: 60 }),
  at: fc.nat({ max: 50 }),
  took: fc.nat({ max: 50 }),
  fails: fc.constantFrom(undefined, undefined, 'Error: no', 'TypeError: fetch failed'),
  tag: fc.constantFrom(undefined, 'x', 'y'),
});

type Node = typeof node extends fc.Arbitrary<infer Value> ? Value : never;

/** A tree with one root, some spans of which may have lost their parents. A model call can have one around it, as when two instrumentations see it. */
export const runs: fc.Arbitrary<readonly StudioSpan[]> = fc
  .array(node, { minLength: 1, maxLength: 40 })
  .map((nodes) =>
    nodes.map((each, i) => spanOf(i === 0 && each.kind === 'chat' ? { ...each, kind: 'task' } : each, i)),
  );

function spanOf({ kind, label, parent: above, at, took, fails, tag }: Node, i: number): StudioSpan {
  const parent = above < i ? `n${above}` : above < 55 ? 'n0' : 'lost';
  const given = {
    id: `n${i}`,
    parent: i === 0 ? undefined : parent,
    at,
    took,
    attributes: tag === undefined ? {} : { 'tta.tag.t': tag },
    ...(fails === undefined ? {} : { failed: fails }),
  };
  if (kind === 'foreign') return span({ ...given, name: label });
  if (kind === 'request') return span({ ...given, name: label, kind: 'client' });
  if (kind === 'chat') {
    const usage = { ...given.attributes, 'gen_ai.usage.input_tokens': at, 'tta.llm.cost_usd': took / 1e3 };
    return chat(label, { ...given, attributes: usage });
  }
  const events = kind === 'retry' ? [retryEvent(1, at + 1, 2, 'Error: no')] : [];
  return primitive(kind, label, { ...given, events });
}
