/** What all calls of one observer have in common. It switches itself off when our own code keeps failing. */
import type { BeginModelCallOptions } from '../llm/begin-model-call.ts';
import type { ModelCall, ModelCallStart } from '../llm/model-call.ts';
import { pricesInForce } from '../llm/price-book.ts';
import { messageOf } from '../platform/message-of.ts';
import type { SeenHost } from './hosts.ts';
import { OpenCall } from './open-call.ts';
import type { ModelCallOptions } from './options.ts';
import type { Recognised, WireRequest } from './protocol.ts';

/** What an observer is made of. */
export interface WireParts {
  recognise(request: WireRequest, host: SeenHost): Recognised | undefined;
  begin(start: ModelCallStart, options: BeginModelCallOptions): ModelCall;
  /** A provider has answered a request that no protocol recognises. */
  unrecognised(provider: string): void;
}

export interface BegunCall {
  readonly call: ModelCall;
  readonly open: OpenCall;
}

export interface Watch {
  readonly options: ModelCallOptions;
  readonly isOn: boolean;
  stop(): void;
  recognise(request: WireRequest, host: SeenHost): Recognised | undefined;
  /** `undefined`: the call cannot be observed. */
  begin(start: () => ModelCallStart, signal: AbortSignal | undefined): BegunCall | undefined;
  unrecognised(provider: string): void;
  /** Runs code of ours, whose errors must not reach the client: they give `undefined`. */
  guarded<T>(work: () => T): T | undefined;
}

const MOST_FAULTS = 3;

export function createWatch(options: ModelCallOptions, parts: WireParts): Watch {
  const { prices, priceAs, tierFactors, maxDollarsPerCall } = options;
  const settings = {
    spans: options.mode !== 'metrics',
    prices: pricesInForce({ prices, priceAs, tierFactors, maxDollarsPerCall }),
  };
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
  const guarded = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      onFault(error);
      return undefined;
    }
  };

  return {
    options,
    get isOn() {
      return isOn;
    },
    stop() {
      isOn = false;
    },
    recognise: (request, host) => parts.recognise(request, host),
    begin: (start, signal) =>
      guarded(() => {
        const call = parts.begin(start(), settings);
        return { call, open: new OpenCall({ call, signal, onFault }) };
      }),
    unrecognised: (provider) => guarded(() => parts.unrecognised(provider)),
    guarded,
  };
}
