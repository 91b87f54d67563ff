/** Decides which requests are model calls, and observes them. It switches itself off when our own code keeps failing. */
import { pricesInForce } from '../llm/price-book.ts';
import { isUncounted } from '../llm/uncounted.ts';
import { messageOf } from '../platform/message-of.ts';
import { hostFinder } from './hosts.ts';
import type { ModelCallOptions } from './options.ts';
import { type Seen, type Send, sendObserved, sendUnrecognised, type WireParts } from './send-observed.ts';
import { type FetchArguments, hostOf, methodOf, wireRequest } from './wire-request.ts';

export interface Observer {
  /** Sends a request by `send`, and observes it if it is a model call. */
  observe(send: Send, args: FetchArguments): unknown;
  /** From now on requests are sent without a look at them. */
  stop(): void;
}

const MOST_FAULTS = 3;
/** Requests that providers answer for nothing. */
const FREE =
  /count[-_]?tokens|input_tokens|\/(?:moderations|files|uploads|(?:de)?tokeni[sz]e|cancel)(?:\/|$)|\/api\/(?:show|pull|push|create|copy|blobs)(?:\/|$)/i;

export function createObserver(options: ModelCallOptions, parts: WireParts): Observer {
  const seenHost = hostFinder(options.hosts ?? '', options.mode === 'all');
  let isOn = true;
  let faults = 0;

  const onFault = (error: unknown) => {
    faults += 1;
    if (faults !== MOST_FAULTS) return;
    isOn = false;
    process.emitWarning(
      `model calls are observed no longer: the observer itself has failed ${MOST_FAULTS} times, now with: ${messageOf(error)}`,
      'TtaPrimitivesWarning',
    );
  };
  const { prices, priceAs, tierFactors, maxDollarsPerCall } = options;
  const watch = { options, parts, prices: pricesInForce({ prices, priceAs, tierFactors, maxDollarsPerCall }), onFault };

  const look = (args: FetchArguments): Seen | undefined => {
    const name = hostOf(args);
    const host = name === undefined ? undefined : seenHost(name);
    if (host === undefined || methodOf(args) !== 'POST' || isUncounted()) return undefined;
    const request = wireRequest(args);
    if (request === undefined) return undefined;
    const recognised = parts.recognise(request, host);
    if (recognised === undefined && (!host.listed || FREE.test(request.url.pathname))) return undefined;
    return { request, host, recognised };
  };

  return {
    stop() {
      isOn = false;
    },
    observe(send, args) {
      let seen: Seen | undefined;
      try {
        if (isOn) seen = look(args);
      } catch (error) {
        onFault(error);
      }
      if (seen === undefined) return send(args);
      const { recognised } = seen;
      return recognised === undefined
        ? sendUnrecognised(send, args, seen, watch)
        : sendObserved(send, args, { ...seen, recognised }, watch);
    },
  };
}
