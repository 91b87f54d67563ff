/** The answer with the spans of a run, in parts: a run may have more of them than fit into the memory. */
import { once } from 'node:events';
import type { Exchange } from '../../../platform/http-server.ts';
import type { RunSummary } from '../model/run.ts';
import type { StudioStore } from '../store/store.ts';

export interface SentRun {
  readonly store: StudioStore;
  readonly run: RunSummary;
  /** The number of the last span that the page has. */
  readonly after: number;
}

/** So many spans are read at once. */
const PART = 200;
/** An answer ends after the part that reaches one of these. The page asks for the rest. */
const MAX_SPANS = 10_000;
const MAX_BYTES = 16 * 1024 * 1024;

export async function sendRun({ request, response, signal }: Exchange, { store, run, after }: SentRun): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json' });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  response.write(`{"run":${JSON.stringify(run)},"spans":[`);
  let last = after;
  let sent = 0;
  let bytes = 0;
  let more = true;
  while (more && sent < MAX_SPANS && bytes < MAX_BYTES) {
    const part = store.spans(run.traceId, last, PART);
    const text = part.spans.map((span) => JSON.stringify(span)).join(',');
    more = part.spans.length > 0 && part.last > last;
    if (!more) break;
    last = part.last;
    const isTaken = response.write(sent > 0 ? `,${text}` : text);
    sent += part.spans.length;
    bytes += text.length;
    // Rejects when the page goes.
    if (!isTaken) await once(response, 'drain', { signal });
  }
  response.end(`],"last":${last},"more":${more}}`);
}
