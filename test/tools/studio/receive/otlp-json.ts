/** Requests of OTLP in JSON, made by hand. */

export const hex = (n: number, digits: number) => n.toString(16).padStart(digits, '0');

export const attribute = (key: string, value: object) => ({ key, value });

/** A span that is valid, with other fields. */
export function span(n: number, more: object = {}) {
  return {
    traceId: hex(1 + (n % 3), 32),
    spanId: hex(n + 1, 16),
    name: 'work',
    startTimeUnixNano: '1700000000000000000',
    endTimeUnixNano: '1700000001000000000',
    ...more,
  };
}

export const requestOf = (spans: readonly object[], resource: object = {}) =>
  JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] });
