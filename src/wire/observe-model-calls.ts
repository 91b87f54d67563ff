import { observed } from './observe-fetch.ts';
import { createObserver } from './observer.ts';
import { checkModelCallOptions, type ModelCallOptions } from './options.ts';
import { WIRE } from './parts.ts';
import { withProcessOptions } from './process-options.ts';

/** Takes back what a function has done. Further calls do nothing. */
export type Undo = () => void;

/**
 * Counts the model calls of this program that go through the global `fetch`, whatever client makes them: each is a span,
 * tokens and dollars. What is sent, answered and thrown is the same. `tta-primitives/register` calls it. A client that has
 * taken the `fetch` before is not seen: call it first, or give that client `observeFetch()`.
 *
 * Returns the undo. It puts the earlier `fetch` back, unless the global one was replaced since: then the requests pass unseen.
 *
 * @throws TypeError when an option is wrong
 * @example
 * import { observeModelCalls } from 'tta-primitives';
 *
 * const undo = observeModelCalls({ hosts: 'litellm:4000=litellm' });
 */
export function observeModelCalls(options: ModelCallOptions = {}): Undo {
  checkModelCallOptions(options);
  const earlier = Object.getOwnPropertyDescriptor(globalThis, 'fetch');
  const base: unknown = globalThis.fetch;
  if (options.mode === 'off' || typeof base !== 'function') return () => {};
  const observer = createObserver(withProcessOptions(options), WIRE);
  const ours = observed(base as typeof fetch, observer);
  if (!setFetch({ configurable: true, writable: true, enumerable: earlier?.enumerable ?? true, value: ours })) {
    process.emitWarning('model calls are not observed: the global fetch cannot be replaced', 'TtaPrimitivesWarning');
  }
  return () => {
    observer.stop();
    if (globalThis.fetch === ours) setFetch(earlier ?? { configurable: true, writable: true, value: base });
  };
}

function setFetch(descriptor: PropertyDescriptor): boolean {
  return Reflect.defineProperty(globalThis, 'fetch', descriptor);
}
