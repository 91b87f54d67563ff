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

/**
 * The error's stack with its first line redacted, and after it the chain of its causes. The lines below the first are redacted
 * too: a text may quote another stack.
 */
export function errorStack(error: unknown, type: string, message: string): string | undefined {
  const stack = readProperty(error, 'stack');
  if (typeof stack !== 'string') return undefined;
  const frames = stack.indexOf('\n    at ');
  const shown = frames < 0 ? redact(stack) : `${type}: ${message}${redactFrames(stack.slice(frames))}`;
  return shown + causesOf(error);
}

const MOST_CAUSES = 8;
const LONGEST_CAUSE = 500;

/**
 * A line for each cause, cause of a cause and member of an `AggregateError`, redacted, in the form that Java gave to logs:
 * `Caused by: TypeError: fetch failed`. An error may be its own cause.
 */
function causesOf(error: unknown): string {
  let waiting = reasonsOf(error);
  if (waiting.length === 0) return '';
  const seen = new Set<unknown>([error]);
  const lines: string[] = [];
  for (let next = waiting.shift(); next !== undefined && lines.length < MOST_CAUSES; next = waiting.shift()) {
    if (seen.has(next.reason)) continue;
    seen.add(next.reason);
    const { type, message } = errorText(next.reason);
    const text = `${type}: ${message}`.replace(/\s+/g, ' ').trim();
    const cut = text.length > LONGEST_CAUSE ? `${text.slice(0, LONGEST_CAUSE)}…` : text;
    lines.push(`\nCaused by${next.place}: ${cut}`);
    waiting = [...reasonsOf(next.reason), ...waiting];
  }
  return lines.join('');
}

interface Reason {
  readonly reason: unknown;
  /** ` (2 of 3)` for an error of several. */
  readonly place: string;
}

/** The cause of an error, and the errors of one that has several. */
function reasonsOf(error: unknown): Reason[] {
  const cause = readProperty(error, 'cause');
  const reasons: Reason[] = cause === undefined || cause === null ? [] : [{ reason: cause, place: '' }];
  const errors = readProperty(error, 'errors');
  const length = readProperty(errors, 'length');
  if (typeof length !== 'number') return reasons;
  for (let i = 0; i < Math.min(length, MOST_CAUSES); i += 1) {
    const reason = readProperty(errors, i);
    // Other errors have lists of what they found wrong under this name.
    if (typeof readProperty(reason, 'message') !== 'string') continue;
    reasons.push({ reason, place: ` (${i + 1} of ${length})` });
  }
  return reasons;
}
