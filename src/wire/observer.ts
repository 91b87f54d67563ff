/** Decides which requests are model calls, and has these observed. */
import { isUncounted } from '../llm/uncounted.ts';
import { hostFinder } from './hosts.ts';
import type { ModelCallOptions } from './options.ts';
import type { Seen } from './seen.ts';
import { type Send, sendObserved, sendUnrecognised } from './send-observed.ts';
import { createWatch, type WireParts } from './watch.ts';
import { type FetchArguments, hostOf, methodOf, wireRequest } from './wire-request.ts';

export interface Observer {
  /** Sends a request by `send`, and observes it if it is a model call. */
  observe(send: Send, args: FetchArguments): unknown;
  /** From now on requests are sent without a look at them. */
  stop(): void;
}

/** Requests that providers answer for nothing. */
const FREE =
  /count[-_]?tokens|input_tokens|\/(?:moderations|files|uploads|(?:de)?tokeni[sz]e|cancel)(?:\/|$)|\/api\/(?:show|pull|push|create|copy|blobs)(?:\/|$)/i;

export function createObserver(options: ModelCallOptions, parts: WireParts): Observer {
  const seenHost = hostFinder(options.hosts ?? '', options.mode === 'all');
  const watch = createWatch(options, parts);

  const look = (args: FetchArguments): Seen | undefined => {
    const name = hostOf(args);
    const host = name === undefined ? undefined : seenHost(name);
    if (host === undefined || methodOf(args) !== 'POST' || isUncounted()) return undefined;
    const request = wireRequest(args);
    if (request === undefined) return undefined;
    const recognised = watch.recognise(request, host);
    if (recognised === undefined && (!host.listed || FREE.test(request.url.pathname))) return undefined;
    return { request, host, recognised };
  };

  return {
    stop: () => watch.stop(),
    observe(send, args) {
      const seen = watch.isOn ? watch.guarded(() => look(args)) : undefined;
      if (seen === undefined) return send(args);
      const { recognised } = seen;
      return recognised === undefined
        ? sendUnrecognised(send, args, seen, watch)
        : sendObserved(send, args, { ...seen, recognised }, watch);
    },
  };
}
