/** The texts of errors as spans show them. A text may contain credentials: see `redact`. */
import { copyText } from '../platform/copy-text.ts';
import { readProperty } from '../platform/read-property.ts';
import { hideSecrets, redact } from '../platform/redact.ts';

/** The type and the redacted text of a thrown value, as spans show them. Any value can be thrown, not only errors. */
export function errorText(error: unknown): { readonly type: string; readonly message: string } {
  try {
    // By shape: in a test environment the errors of Node.js are no `Error` of the global object.
    const [name, message] = [readProperty(error, 'name'), readProperty(error, 'message')];
    if (typeof name === 'string' && typeof message === 'string')
      return { type: redact(name), message: redact(message) };
    if (error instanceof Error) return { type: redact(String(error.name)), message: redact(String(error.message)) };
    return { type: typeof error, message: redact(String(error)) };
  } catch {
    return { type: typeof error, message: 'an error that has no text' };
  }
}

/** The longest frames that are remembered, in characters, and how many of them: work that fails, fails often in one place. */
const LONGEST = 4_096;
const MOST = 100;
/** Frames without a credential, as spans show them. Those with one are not kept in memory. */
const harmlessFrames = new Map<string, string>();

/** To search a stack for credentials takes as long as all other telemetry of a failure. */
function redactFrames(frames: string): string {
  const known = harmlessFrames.get(frames);
  if (known !== undefined) return known;
  const redacted = redact(frames);
  if (redacted === frames || (frames.length <= LONGEST && hideSecrets(frames) === frames)) {
    if (harmlessFrames.size >= MOST) harmlessFrames.clear();
    // A part of a text keeps the whole text in memory: a copy is kept.
    harmlessFrames.set(copyText(frames), redacted);
  }
  return redacted;
}

/** The error's stack with its first line redacted. The lines below it are redacted too: a text may quote another stack. */
export function errorStack(error: unknown, type: string, message: string): string | undefined {
  const stack = readProperty(error, 'stack');
  if (typeof stack !== 'string') return undefined;
  const frames = stack.indexOf('\n    at ');
  return frames < 0 ? redact(stack) : `${type}: ${message}${redactFrames(stack.slice(frames))}`;
}
