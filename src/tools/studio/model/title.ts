/** How a span is called in sentences. */
import { factsOf, type SpanFacts } from './facts.ts';
import type { StudioSpan } from './span.ts';
import type { TreeNode } from './tree.ts';

/** The name that the author gave, else the kind of the primitive. */
export const shortName = ({ isNamed, label, type }: SpanFacts): string => (isNamed ? label : type);

/** The type and the author's name: `retry again`, `llm ask`, `chat gpt-5`; the type alone where there is no name. */
export function titleOf(span: StudioSpan): string {
  const { type, label, isNamed } = factsOf(span);
  if (!isNamed) return type;
  return label === type || span.name === label || label.startsWith(`${type} `) ? label : `${type} ${label}`;
}

/** As `titleOf`; what has no name is called by what it is around: `retry around ask`, as in messages of errors. */
export function calledOf(node: TreeNode): string {
  if (node.isMissing) return 'a span that was not received';
  let inner: TreeNode | undefined = node;
  while (inner !== undefined && !factsOf(inner.span).isNamed) inner = inner.children[0];
  const title = titleOf(node.span);
  return inner === undefined || inner === node ? title : `${title} around ${factsOf(inner.span).label}`;
}
