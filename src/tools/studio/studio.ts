/** One Studio: receiver, store, numbers and page behind one port. */
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../platform/clock.ts';
import { type Exchange, sendJson, sendText } from '../../platform/http-server.ts';
import { serveLoopback } from '../../platform/loopback.ts';
import { parseFilter } from './model/filter.ts';
import { createReceiver } from './receive/receiver.ts';
import { readPageFiles } from './server/page-files.ts';
import { createMemoryStore } from './store/memory-store.ts';

export interface StudioOptions {
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** 0 takes any free port. @default 4318 */
  readonly port?: number;
}

export interface Studio {
  /** `http://127.0.0.1:PORT`: the address of the page, and the endpoint for an OTLP exporter. */
  readonly url: string;
  close(): Promise<void>;
}

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/** @throws Error when the port is taken */
export async function startStudio({ host = '127.0.0.1', port = 4318 }: StudioOptions = {}): Promise<Studio> {
  const store = createMemoryStore({ maxBytes: 64 * 1024 * 1024, retentionDays: 7 });
  const receiver = createReceiver({ onSpans: (spans) => void store.add(spans, systemClock.now()) });
  // From dist/src/tools/studio to dist/studio.
  const files = readPageFiles(fileURLToPath(new URL('../../../studio', import.meta.url)));

  const api = ({ request, response, path }: Exchange) => {
    const query = new URL(request.url ?? '/', 'http://localhost').searchParams;
    const [, , , id = '', part] = path.split('/');
    const run = store.run(id);
    if (path === '/api/runs') {
      const limit = Math.min(500, Number(query.get('limit') ?? 100));
      const since = Number(query.get('since') ?? 0);
      sendJson(response, 200, { ...store.runs({ ...parseFilter(query), limit, since }), change: store.change() });
    } else if (path.startsWith('/api/runs/') && run !== undefined) {
      if (part === 'reference') sendJson(response, 200, { run: store.reference(id) ?? null });
      else sendJson(response, 200, { run, ...store.spans(id, Number(query.get('after') ?? 0)) });
    } else if (path === '/api/facets') sendJson(response, 200, store.facets());
    else if (path === '/api/about') {
      const [storage, state] = [store.state(), receiver.state()];
      const nowMs = systemClock.now();
      sendJson(response, 200, { version: '', url, startedMs: nowMs, nowMs, receiver: state, storage, targets: [] });
    } else sendText(response, 404, `${path} does not exist\n`);
  };
  const handle = async (exchange: Exchange) => {
    const { response, path } = exchange;
    if (path.startsWith('/v1/')) return receiver.handle(exchange);
    if (path.startsWith('/api/')) return api(exchange);
    const file = files.get(path) ?? files.get('/index.html');
    if (file === undefined) return sendText(response, 404, 'The page is not built\n');
    response.setHeader('content-security-policy', POLICY);
    response.writeHead(200, { 'content-type': file.type }).end(file.plain);
  };
  const { url, close } = await serveLoopback({ name: 'startStudio', host, port, handle });
  return {
    url,
    async close() {
      await close();
      store.close();
    },
  };
}
