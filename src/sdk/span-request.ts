/** Requests to the collector: the spans as bytes, grouped by resource and scope, and split where they are too large. */

import { resourceJson, scopeJson, spanJson } from './otlp-json.ts';
import type { ReadableSpan } from './span-types.ts';

/** A span that is larger has a request of its own. A Collector accepts 20 MiB by default, other receivers less. */
export const MOST_REQUEST_BYTES = 4 * 1024 * 1024;

export interface SpanRequest {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly spans: number;
}

export interface EncodedSpans {
  readonly requests: readonly SpanRequest[];
  /** Spans that cannot be sent: they have no valid id, or reading them throws. */
  readonly unreadable: number;
}

export function encodeSpans(spans: readonly ReadableSpan[], mostBytes = MOST_REQUEST_BYTES): EncodedSpans {
  const requests: SpanRequest[] = [];
  let unreadable = 0;
  let builder = new RequestBuilder();
  for (const span of spans) {
    const json = textOf(span);
    if (json === undefined) {
      unreadable += 1;
      continue;
    }
    const bytes = Buffer.byteLength(json);
    if (builder.spans > 0 && builder.bytes + bytes > mostBytes) {
      requests.push(builder.build());
      builder = new RequestBuilder();
    }
    builder.add(span.resource, span.instrumentationScope, json, bytes);
  }
  if (builder.spans > 0) requests.push(builder.build());
  return { requests, unreadable };
}

/** The two halves of a request with two spans or more. Collectors refuse large requests rarely, so it is read again. */
export function splitRequest({ body, spans }: SpanRequest): SpanRequest[] {
  const halves = [new RequestBuilder(), new RequestBuilder()] as const;
  let seen = 0;
  for (const { scopeSpans, ...resource } of (JSON.parse(Buffer.from(body).toString()) as Otlp).resourceSpans) {
    for (const { spans: group, ...scope } of scopeSpans) {
      for (const span of group) {
        const half = seen++ < spans / 2 ? halves[0] : halves[1];
        half.addWritten(insideOf(resource), insideOf(scope), JSON.stringify(span));
      }
    }
  }
  return halves.map((half) => half.build());
}

interface Otlp {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly object[] }[];
  }[];
}

function insideOf(group: object): string {
  return JSON.stringify(group).slice(1, -1);
}

function textOf(span: ReadableSpan): string | undefined {
  try {
    return spanJson(span);
  } catch {
    return undefined;
  }
}

class RequestBuilder {
  spans = 0;
  bytes = 0;
  /** Spans by their scope by their resource, each as JSON. */
  readonly #groups = new Map<string, Map<string, string[]>>();
  /** Writing a resource takes as long as writing a span, and all spans have the same. */
  readonly #written = new Map<object, string>();

  add(
    resource: ReadableSpan['resource'],
    scope: ReadableSpan['instrumentationScope'],
    span: string,
    bytes: number,
  ): void {
    this.bytes += bytes;
    this.addWritten(
      this.#once(resource, () => resourceJson(resource)),
      this.#once(scope, () => scopeJson(scope)),
      span,
    );
  }

  addWritten(resource: string, scope: string, span: string): void {
    this.spans += 1;
    const scopes = this.#groups.get(resource) ?? new Map<string, string[]>();
    this.#groups.set(resource, scopes);
    const group = scopes.get(scope);
    if (group === undefined) scopes.set(scope, [span]);
    else group.push(span);
  }

  build(): SpanRequest {
    const resources = [...this.#groups].map(([resource, scopes]) => {
      const groups = [...scopes].map(([scope, spans]) => `{${scope},"spans":[${spans.join()}]}`);
      return `{${resource},"scopeSpans":[${groups.join()}]}`;
    });
    return { body: new Uint8Array(Buffer.from(`{"resourceSpans":[${resources.join()}]}`)), spans: this.spans };
  }

  #once(source: object, write: () => string): string {
    const known = this.#written.get(source);
    if (known !== undefined) return known;
    const json = write();
    this.#written.set(source, json);
    return json;
  }
}
