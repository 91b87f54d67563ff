/** Which spans count as model calls: where two instrumentations see one call, its tokens and dollars are those of one. */
import { factsOf } from './facts.ts';
import type { StudioSpan } from './span.ts';

/** Whether the span says what the call used. */
export function tellsUsage(span: StudioSpan): boolean {
  const { tokens, nanodollars } = factsOf(span);
  return tokens.input !== null || tokens.output !== null || nanodollars !== null;
}

/** The innermost span that tells the usage counts; where none does, the innermost. */
export function countsAsCall(
  span: StudioSpan,
  { parent, children }: { readonly parent: StudioSpan | undefined; readonly children: readonly StudioSpan[] },
): boolean {
  if (!factsOf(span).isModelCall) return false;
  const isCall = (other: StudioSpan) => factsOf(other).isModelCall;
  if (tellsUsage(span)) return !children.some((child) => isCall(child) && tellsUsage(child));
  return !children.some(isCall) && !(parent !== undefined && isCall(parent) && tellsUsage(parent));
}
