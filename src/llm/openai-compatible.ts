import type { Model, ModelRequest, ModelServer } from './model.ts';
import { namedProvider } from './named-hosts.ts';
import { connect, type OpenAIClient, serverAt } from './openai-client.ts';
import { type OpenAICompatibleOptions, requireOptions } from './openai-options.ts';
import { replyOf } from './openai-reply.ts';
import { bodyOf, streamBodyOf } from './openai-request.ts';
import { type Call, chunksOf } from './openai-stream.ts';
import { statesCost } from './providers.ts';

/**
 * A model behind OpenAI's chat completions API, by the official `openai` client, which is loaded at the first call
 * (`npm install openai@6`, or 4.52 to 7), or by a client of your own. The client's retries are off: every request is one
 * execution, counted once.
 *
 * @example
 * const ask = llm(openAICompatible({ model: 'gpt-4o-mini', body: { service_tier: 'flex' } }));
 * @throws TypeError when an option is wrong; at the first call an error with the install line when `openai` is missing
 */
export function openAICompatible(options: OpenAICompatibleOptions): Model {
  requireOptions(options);
  const { model, client, headers, body } = options;
  const baseURL = client?.baseURL ?? options.baseURL;
  let host = serverAt(baseURL);
  const server = (): ModelServer => ({ ...host, provider: options.provider ?? namedProvider(host) ?? host.provider });
  const connection: () => Promise<OpenAIClient> =
    client === undefined
      ? once(async () => {
          const connected = await connect(options);
          // It may have read its address from the environment. The prices must be those of the server that it calls.
          host = serverAt(connected.baseURL);
          return connected;
        })
      : async () => client;
  // A name for metrics and prices changes no request.
  const target = () => ({ model, body, provider: options.provider ?? host.provider });
  const send = ({ chat }: OpenAIClient, content: object, signal: AbortSignal): Call =>
    chat.completions.create(content as never, { signal, headers, maxRetries: 0 } as never);
  const isCertain = client !== undefined || baseURL !== undefined;

  return {
    id: model,
    ...server(),
    ...(isCertain ? {} : { findServer: () => connection().then(server) }),
    async generate(request: ModelRequest, { signal }) {
      const connected = await connection();
      try {
        return replyOf(await send(connected, bodyOf(target(), request), signal), statesCost(host.provider));
      } catch (error) {
        // For an abort the client throws an error of its own. The caller gets the reason of its signal.
        if (signal.aborted) throw signal.reason;
        throw error;
      }
    },
    async *stream(request: ModelRequest, { signal }) {
      yield* chunksOf(
        send(await connection(), streamBodyOf(target(), request), signal),
        signal,
        statesCost(host.provider),
      );
    },
  };
}

/** `make` with one result for all calls. After a failure it is called again: what was missing may be there then. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
