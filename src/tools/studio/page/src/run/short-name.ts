import type { SpanFacts } from '../../../model/facts.ts';

/** What a row is called: the name that somebody gave, else the kind of the primitive. */
export const shortName = ({ isNamed, label, type }: SpanFacts): string => (isNamed ? label : type);
