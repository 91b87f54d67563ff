/** Which spans count as model calls: where two instrumentations see one call, its tokens and dollars are those of one. */
import { factsOf } from './facts.ts';
import type { StudioSpan } from './span.ts';

/** Whether the span says what the call used. */
export function tellsUsage(span: StudioSpan): boolean {
  const { tokens, nanodollars } = factsOf(span);
  return tokens.input !== null || tokens.output !== null || nanodollars !== null;
}

/** Whether the span is a request between programs, and nothing else: the model call around it and the one below it are one. */
export function isRequest(span: StudioSpan): boolean {
  const { type, isOurs } = factsOf(span);
  return !isOurs && type === span.kind && (type === 'client' || type === 'server');
}

/** The innermost span that tells the usage counts; where none does, the innermost. A neighbour is a model call too. */
export function countsAsCall<Call>(
  call: Call,
  tells: (call: Call) => boolean,
  { parent, children }: { readonly parent: Call | undefined; readonly children: readonly Call[] },
): boolean {
  if (tells(call)) return !children.some(tells);
  return children.length === 0 && !(parent !== undefined && tells(parent));
}
