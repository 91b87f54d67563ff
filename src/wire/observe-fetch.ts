import { fail } from '../core/check.ts';
import { createObserver, type Observer } from './observer.ts';
import { checkModelCallOptions, type ModelCallOptions } from './options.ts';
import { WIRE } from './parts.ts';
import { withProcessOptions } from './process-options.ts';

/** A function that sends requests as `fetch` does, whichever package has made it. */
export type AnyFetch = (...args: never[]) => unknown;

/**
 * Wraps a `fetch`, so that the model calls made by it are counted, for a client that takes a `fetch` of your own. What is
 * sent, answered and thrown is the same. Calls that are observed already, for example by `observeModelCalls`, are counted once.
 *
 * @param base the `fetch` that sends the requests. @default the global one, as it is at each call
 * @throws TypeError when an option is wrong
 * @example
 * import { observeFetch } from 'tta-primitives';
 * import OpenAI from 'openai';
 *
 * const client = new OpenAI({ apiKey: 'key', fetch: observeFetch() });
 */
export function observeFetch(base?: undefined, options?: ModelCallOptions): typeof globalThis.fetch;
export function observeFetch<Fetch extends AnyFetch>(base: Fetch, options?: ModelCallOptions): Fetch;
export function observeFetch(base?: AnyFetch, options: ModelCallOptions = {}): AnyFetch {
  checkModelCallOptions(options);
  if (base !== undefined && typeof base !== 'function') fail('observeFetch', 'base', 'must be a function', base);
  const sender = base ?? globalFetch;
  return options.mode === 'off' ? sender : observed(sender, createObserver(withProcessOptions(options), WIRE));
}

const globalFetch: typeof globalThis.fetch = (...args) => globalThis.fetch(...args);

/** The function as it was, with its name and its properties, whose calls are observed. */
export function observed<Fetch extends AnyFetch>(base: Fetch, observer: Observer): Fetch {
  return new Proxy(base, {
    apply: (target, self, args: unknown[]) =>
      observer.observe((sent) => Reflect.apply(target, self, sent as never[]), args),
  });
}
