import type { Attributes } from '@opentelemetry/api';
import { errorText } from '../error-text.ts';
import { ATTR } from '../semconv.ts';

/** An error as an event of a span shows it. */
export function errorAttributes(error: unknown): Attributes {
  const { type, message } = errorText(error);
  return { [ATTR.errorType]: type, [ATTR.exceptionMessage]: message };
}
