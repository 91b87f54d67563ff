import { factsOf } from './facts.ts';
import type { StudioSpan } from './span.ts';

/** The type and the author's name: `retry ask`, `chat gpt-5`. */
export function titleOf(span: StudioSpan): string {
  const { type, label } = factsOf(span);
  return label === type || span.name === label || label.startsWith(`${type} `) ? label : `${type} ${label}`;
}
