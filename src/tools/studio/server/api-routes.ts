/** The answers of `/api/`, as `api.ts` describes them. */
import { BodyError, readBody } from '../../../platform/body.ts';
import { type Exchange, queryOf, sendJson, sendText } from '../../../platform/http-server.ts';
import { isLocalHost } from '../../../platform/local-host.ts';
import type { AboutAnswer } from '../api.ts';
import { parseFilter } from '../model/filter.ts';
import type { RunSummary } from '../model/run.ts';
import type { Numbers, TargetOptions } from '../numbers/numbers.ts';
import type { StudioStore } from '../store/store.ts';
import type { Guests } from './guests.ts';
import type { Live } from './live.ts';
import { QueryError, wholeNumber } from './query.ts';
import { sendRun } from './send-run.ts';

export interface ApiParts {
  readonly store: StudioStore;
  readonly live: Live;
  readonly guests: Guests;
  readonly numbers: Pick<Numbers, 'answer' | 'addTarget'>;
  about(): AboutAnswer;
}

type Route = (exchange: Exchange, query: URLSearchParams, id: string) => Promise<void> | void;

const MAX_RUNS = 500;
const MAX_BODY_BYTES = 16 * 1024;
const COUNT = { min: 0, max: Number.MAX_SAFE_INTEGER, otherwise: 0 };

export function createApi({ store, live, guests, numbers, about }: ApiParts): (exchange: Exchange) => Promise<void> {
  const GET: Readonly<Record<string, Route>> = {
    '/api/runs': ({ response }, query) => {
      const limit = wholeNumber(query, 'limit', { min: 1, max: MAX_RUNS, otherwise: 100 });
      const since = wholeNumber(query, 'since', COUNT);
      const after = query.get('after');
      const page = store.runs({ ...parseFilter(query), limit, since, ...(after === null ? {} : { after }) });
      sendJson(response, 200, { ...page, runs: page.runs.map(forReaders), change: store.change() });
    },
    '/api/runs/ID': (exchange, query, id) => {
      const run = store.run(id);
      if (run === undefined) return sendText(exchange.response, 404, 'This run is not kept\n');
      return sendRun(exchange, { store, run: forReaders(run), after: wholeNumber(query, 'after', COUNT) });
    },
    '/api/runs/ID/reference': ({ response }, _query, id) => {
      if (store.run(id) === undefined) return sendText(response, 404, 'This run is not kept\n');
      const run = store.reference(id);
      return sendJson(response, 200, { run: run === undefined ? null : forReaders(run) });
    },
    '/api/facets': ({ response }) => sendJson(response, 200, store.facets()),
    '/api/about': ({ response }) => sendJson(response, 200, about()),
    '/api/live': (exchange) => live.handle(exchange),
    '/api/guest': (exchange) => guests.handle(exchange),
    '/api/numbers': ({ response }, query) => sendJson(response, 200, numbers.answer(query)),
  };
  const POST: Readonly<Record<string, Route>> = {
    '/api/targets': async ({ request, response }) => {
      const target = await readTarget(request);
      // Other addresses only the command line can name: who reaches this port must not make it ask other machines.
      if (!URL.canParse(target.url) || !isLocalHost(new URL(target.url).host))
        throw new QueryError('Only an address of this machine can be added here');
      sendJson(response, 200, await numbers.addTarget(target));
    },
  };

  return async (exchange) => {
    const { request, response, path } = exchange;
    const [, id = ''] = /^\/api\/runs\/([^/]+)/.exec(path) ?? [];
    const name = id === '' ? path : path.replace(id, 'ID');
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const routes = { GET: GET[name], POST: POST[name] };
    const route = method === 'GET' || method === 'POST' ? routes[method] : undefined;
    if (route === undefined) {
      const allowed = [routes.GET && 'GET, HEAD', routes.POST && 'POST'].filter(Boolean).join(', ');
      if (allowed === '') return sendText(response, 404, `${path} does not exist\n`);
      response.setHeader('allow', allowed);
      return sendText(response, 405, `${path} takes ${allowed}\n`);
    }
    try {
      await route(exchange, queryOf(request), id.toLowerCase());
    } catch (error) {
      const status = statusOf(error);
      if (status === undefined || response.headersSent) throw error;
      sendText(response, status, `${(error as Error).message}\n`);
    }
  };
}

/** Without what only `summarise` needs, which can be some kilobytes. */
function forReaders({ draft: _draft, ...run }: RunSummary): RunSummary {
  return run;
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof BodyError) return error.status;
  return error instanceof QueryError || error instanceof RangeError ? 400 : undefined;
}

/** A page of another site can post a form, but not this type without asking first. */
async function readTarget(request: Exchange['request']): Promise<TargetOptions> {
  const type = (request.headers['content-type'] ?? '').replace(/;.*$/s, '').trim().toLowerCase();
  if (type !== 'application/json') throw new BodyError(415, 'The content type must be application/json');
  const body = await readBody(request, MAX_BODY_BYTES);
  let given: unknown;
  try {
    given = JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new BodyError(400, 'The body is not JSON', error);
  }
  const { url } = (given ?? {}) as { readonly url?: unknown };
  if (typeof url !== 'string') {
    throw new BodyError(400, 'The body must be {"url": "http://127.0.0.1:9464/metrics"}');
  }
  return { url };
}
