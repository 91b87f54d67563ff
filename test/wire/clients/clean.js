/** A value as data that two runs have in common: without random ids, times and ports; errors with their classes and causes. */
const RANDOM = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/g;
const DATE = /\d{4}-\d\d-\d\dT[\d:.]+Z|\w{3}, \d\d \w{3} \d{4} [\d:]+ GMT/g;
const TIMES =
  /^(created|createdAt|created_at|timestamp|date|responseTime|durationMs|totalRetryDelay|localPort|remotePort|bytesRead|bytesWritten|performance)$/i;
const DEEPEST = 12;

const clip = (text) =>
  text
    .replaceAll(DATE, 'DATE')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'HOST')
    .replaceAll(RANDOM, 'ID')
    .replaceAll(/\b1[6-9]\d{8}\b/g, 'TIME');

export function clean(value, depth = 0, seen = new Set()) {
  if (typeof value === 'string') return clip(value);
  if (typeof value === 'function') return 'function';
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  if (typeof value === 'number') return value > 1e9 && Number.isInteger(value) ? 'TIME' : value;
  if (typeof value !== 'object' || value === null) return value ?? null;
  if (seen.has(value)) return 'seen before';
  if (depth > DEEPEST) return 'deep';
  seen.add(value);
  const inner = (found) => clean(found, depth + 1, seen);
  if (value instanceof Date) return 'DATE';
  if (ArrayBuffer.isView(value))
    return { bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') };
  if (Array.isArray(value)) return value.map(inner);
  const kind = value.constructor?.name ?? 'null';
  if (value instanceof Headers) return { kind, headers: inner([...value]) };
  if (value instanceof Response) return { kind, status: value.status, type: value.type, keys: Object.keys(value) };
  if (value instanceof AbortSignal) return { kind, aborted: value.aborted };
  if (kind === 'Socket' || kind === 'IncomingMessage' || kind === 'ClientRequest') return { kind };
  const shown = { kind };
  if (value instanceof Error) {
    const { name, message, code, cause } = value;
    Object.assign(shown, { name, message: inner(message), code: inner(code), cause: inner(cause) });
  }
  for (const key of Object.keys(value)) {
    if (key === 'stack' || TIMES.test(key)) continue;
    shown[clip(key)] = inner(value[key]);
  }
  return shown;
}
