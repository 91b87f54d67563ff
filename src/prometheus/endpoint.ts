/** Our own server: the metrics, and whether they can be had. */
import type { IncomingMessage } from 'node:http';
import { type HttpServer, startHttpServer } from '../platform/http-server.ts';
import { isForThisMachine, isLoopbackAddress, requestedHost } from '../platform/local-host.ts';
import { redact } from '../platform/redact.ts';
import { type Answer, send, textAnswer } from './answer.ts';
import { answerNode, type Door, isRead, refusedMethod } from './metrics-request.ts';
import type { Place } from './options.ts';

export interface EndpointOptions extends Pick<Door, 'read'> {
  /** @default /metrics */
  readonly path?: string | undefined;
  /** Why the metrics cannot be collected; `undefined` when they can. */
  readonly trouble: () => Promise<string | undefined>;
}

const PATH = '/metrics';
/** Some Prometheus servers, some probes, some people; and a test of load with 500 clients. */
const MAX_CONNECTIONS = 512;
/** A name in DNS. */
const LONGEST_HOST = 253;
/** A request has no body. */
const REQUEST_TIMEOUT_MS = 10_000;

/** One server at a time, which can be started and stopped in any order. */
export class Endpoint {
  readonly #options: EndpointOptions;
  #server: Promise<HttpServer> | undefined;
  #url: string | undefined;

  constructor(options: EndpointOptions) {
    this.#options = options;
  }

  /** The whole address, with the path; `undefined` while it does not listen. */
  get url(): string | undefined {
    return this.#url;
  }

  /** Rejects with the error of the system (`EADDRINUSE`, `EACCES`, ...) when it cannot listen. */
  async start(place: Place): Promise<void> {
    this.#server ??= startServer(this.#options, place);
    const starting = this.#server;
    try {
      const { url } = await starting;
      if (this.#server === starting) this.#url = `${url}${this.#options.path ?? PATH}`;
    } catch (error) {
      if (this.#server === starting) this.#server = undefined;
      throw error;
    }
  }

  async stop(): Promise<void> {
    const stopping = this.#server;
    this.#server = undefined;
    this.#url = undefined;
    await stopping?.then(
      (server) => server.close(),
      () => {},
    );
  }
}

async function startServer(options: EndpointOptions, place: Place): Promise<HttpServer> {
  const { host, port, token } = place;
  const { path = PATH, read } = options;
  const server = await startHttpServer({
    ...{ host, port, maxConnections: MAX_CONNECTIONS, requestTimeoutMs: REQUEST_TIMEOUT_MS },
    async handle({ request, response, path: asked }) {
      // What follows a request with a body is not read: it may have no end.
      if (hasBody(request)) response.setHeader('connection', 'close');
      const refused = isLoopbackAddress(server.address) ? refusedFrom(request, place) : undefined;
      if (refused !== undefined) send(request, response, refused);
      else if (asked === path) await answerNode(request, response, { token, read });
      else send(request, response, await otherAnswer(request, asked, path, options));
    },
  });
  return server;
}

/** Who may know whether the process serves may not know its metrics: these answers need no token. */
async function otherAnswer(
  { method }: IncomingMessage,
  asked: string,
  path: string,
  { trouble }: EndpointOptions,
): Promise<Answer> {
  if (asked !== '/healthz' && asked !== '/readyz') return textAnswer(404, `Metrics are at ${path}\n`);
  if (!isRead(method)) return refusedMethod(method);
  const reason = asked === '/readyz' ? await trouble() : undefined;
  return reason === undefined
    ? textAnswer(200, 'ok\n')
    : textAnswer(503, `Metrics could not be collected: ${redact(reason)}\n`);
}

/** Only on loopback: other addresses have names that are known to the author of the network, and not here. */
function refusedFrom(request: IncomingMessage, { host, allowedHosts }: Place): Answer | undefined {
  if (!isForThisMachine(request, [host, ...allowedHosts])) {
    return textAnswer(
      403,
      `The metrics are for this machine only, and not for the host ${requestedHost(request)?.slice(0, LONGEST_HOST)}. ` +
        'The option allowedHosts, or TTA_PROMETHEUS_ALLOWED_HOSTS, can allow it\n',
    );
  }
  return isFromAnotherSite(request) ? textAnswer(403, 'The metrics are not for pages of other sites\n') : undefined;
}

/** A page that makes its visitors' browsers ask. A link to the metrics works. */
function isFromAnotherSite({ headers }: IncomingMessage): boolean {
  return headers['sec-fetch-site'] === 'cross-site' && headers['sec-fetch-mode'] !== 'navigate';
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
