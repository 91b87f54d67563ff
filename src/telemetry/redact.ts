import { readProperty } from '../platform/read-property.ts';

/**
 * Error texts can contain secrets: a provider's 401 quotes the key that it refused, a client's error quotes the URL with
 * its password. Texts that look like a credential are removed before an error text reaches a span.
 */
const SECRETS: readonly [pattern: RegExp, replacement: string][] = [
  [/\b(Bearer|Basic)\s+[\w.~+/-]{16,}=*/gi, '$1 [redacted]'],
  [/\b((?:sk|pk|rk|glpat|xox[abprs])-|gh[opsu]_|AKIA|AIza)[\w*-]{8,}/g, '$1[redacted]'],
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, '[redacted]'],
  [/:\/\/[^\s/:@]+:[^\s/@]+@/g, '://[redacted]@'],
  [/((?:api[-_ ]?key|token|secret|password|passwd|authorization)["']?\s*[:=]\s*["']?)[^\s"',;&]{4,}/gi, '$1[redacted]'],
];

const MAX_LENGTH = 2_048;

/** At most 2,048 characters of `text`, without texts that look like a credential. */
export function redact(text: string): string {
  let safe = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
  for (const [pattern, replacement] of SECRETS) safe = safe.replace(pattern, replacement);
  return safe;
}

/** The type and the redacted text of a thrown value, as spans show them. Any value can be thrown, not only errors. */
export function errorText(error: unknown): { readonly type: string; readonly message: string } {
  try {
    if (error instanceof Error) return { type: redact(String(error.name)), message: redact(String(error.message)) };
    return { type: typeof error, message: redact(String(error)) };
  } catch {
    return { type: typeof error, message: 'an error that has no text' };
  }
}

/** The error's stack with its first line redacted. The lines below it are redacted too: a text may quote another stack. */
export function errorStack(error: unknown, type: string, message: string): string | undefined {
  const stack = readProperty(error, 'stack');
  if (typeof stack !== 'string') return undefined;
  const frames = stack.indexOf('\n    at ');
  return frames < 0 ? redact(stack) : `${type}: ${message}${redact(stack.slice(frames, frames + MAX_LENGTH))}`;
}
