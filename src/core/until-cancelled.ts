import type { CancelScope } from './cancellation.ts';

/**
 * Whether a user's function returned a promise. Other values are not awaited: each `await` costs a microtask.
 */
export function isPromise<T>(answer: T | PromiseLike<T>): answer is PromiseLike<T> {
  return typeof (answer as PromiseLike<T> | null | undefined)?.then === 'function';
}

/**
 * Settles as `work` does, or rejects with the scope's reason in the tick of `onGiveUp`: a function that ignores its
 * signal cannot keep its caller waiting.
 *
 * The stack of an error shows who awaits the work only if each promise on the way has one reaction, and V8 can follow
 * it: an `await`, the functions of a promise itself, or the next promise of a `then`.
 */
export function untilCancelled<T>(work: PromiseLike<T>, scope: CancelScope | undefined): PromiseLike<T> {
  if (scope === undefined) return work;
  let unlisten = () => {};
  const first = new Promise<T>((resolve, reject) => {
    unlisten = scope.onGiveUp(reject);
    work.then(resolve, reject);
  });
  return first.then(
    (value) => {
      unlisten();
      return value;
    },
    (error: unknown) => {
      unlisten();
      throw error;
    },
  );
}
