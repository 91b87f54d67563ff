/** The observer of model calls, from its start to the shutdown. */
import { isMainThread } from 'node:worker_threads';
import { nameHosts } from '../llm/named-hosts.ts';
import { chargeNow } from '../llm/pending-charges.ts';
import { setPriceBook } from '../llm/price-book.ts';
import { processWide } from '../platform/process-wide.ts';
import { ANY_HOST, hostObserved, KNOWN_HOSTS } from '../telemetry/record/observed-hosts.ts';
import { observeModelCalls } from '../wire/observe-model-calls.ts';
import { endOpenModelCalls } from '../wire/open-call.ts';
import { setProcessOptions } from '../wire/process-options.ts';
import type { ModelCallsSettings } from './model-calls-settings.ts';
import { warn } from './warn.ts';

export interface ObservedModelCalls {
  /** Ends the observation of the calls that have not ended, now, so that their spans leave with this process. */
  endOpen(): void;
  /** Puts the earlier `fetch` back, ends the open calls, and says how many they were. */
  stop(): void;
}

/** Whether the line was written that says that calls are observed: once for a process. */
const said = processWide('model calls', () => ({ line: false }));

/** Sets the prices, and replaces the global `fetch` unless that is switched off. */
export function startModelCalls(settings: ModelCallsSettings): ObservedModelCalls {
  const { prices, isChosen, ...options } = settings;
  const undo = [...prices.map(setPriceBook), nameHosts(providersOf(settings))];
  if (settings.mode !== 'off') {
    undo.push(setProcessOptions(options), observeModelCalls(options), ...hostsOf(settings));
    if (!isChosen) sayOnce();
  }
  return {
    endOpen() {
      endOpenModelCalls();
      chargeNow();
    },
    stop() {
      const open = endOpenModelCalls();
      for (const each of undo.toReversed()) each();
      if (open > 0) {
        warn(
          `at the shutdown ${open} model ${open === 1 ? 'call' : 'calls'} had not ended: counted as cancelled, tokens not known`,
        );
      }
    },
  };
}

function providersOf({ hosts }: ModelCallsSettings): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(hosts).flatMap(([host, { provider }]) => (provider === undefined ? [] : [[host, provider]])),
  );
}

function hostsOf({ mode, hosts }: ModelCallsSettings): (() => void)[] {
  const all = mode === 'all' ? ANY_HOST : KNOWN_HOSTS;
  const own = Object.entries(hosts).map(
    ([host, { provider = host.replace(/:\d+$/, '') }]) => [host, provider] as const,
  );
  return [[all, all] as const, ...own].map(([host, provider]) => hostObserved(mode, host, provider));
}

/** To somebody who has chosen nothing, and may wonder who counts. */
function sayOnce(): void {
  if (said.line || !isMainThread) return;
  said.line = true;
  process.stderr.write(
    'tta-primitives observes the model calls of this program over fetch; TTA_MODEL_CALLS=off switches it off\n',
  );
}
