import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { CancelScope } from '../../src/core/cancellation.ts';
import { untilCancelled } from '../../src/core/until-cancelled.ts';
import { settled } from '../../src/testing/index.ts';

const reason = new Error('stop');
const listenersOf = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

/** What happened, in order; `note` makes a listener that adds to it. */
function diary() {
  const entries: string[] = [];
  return { entries, note: (text: string) => () => void entries.push(text) };
}

describe('a scope', () => {
  it('is not cancelled, and has no reason, until it is cancelled', () => {
    const scope = new CancelScope();
    expect([scope.cancelled, scope.reason]).toEqual([false, undefined]);
    expect(() => scope.throwIfCancelled()).not.toThrow();
    scope.cancel(reason);
    expect([scope.cancelled, scope.reason]).toEqual([true, reason]);
    expect(() => scope.throwIfCancelled()).toThrow(reason);
  });

  it.each([undefined, null, 0, '', false])('ends with %j as with any other reason', (falsy) => {
    const scope = new CancelScope();
    scope.cancel(falsy);
    expect([scope.cancelled, scope.reason]).toEqual([true, falsy]);
    const heard: unknown[] = [];
    scope.onCancel((given) => heard.push(given));
    expect(heard).toEqual([falsy]);
  });

  it('ends once: the first reason stays, and no listener is called again', () => {
    const scope = new CancelScope();
    const heard: unknown[] = [];
    scope.onCancel((given) => heard.push(given));
    scope.onGiveUp((given) => heard.push(given));
    scope.cancel(reason);
    scope.cancel(new Error('later'));
    expect(heard).toEqual([reason, reason]);
    expect(scope.reason).toBe(reason);
  });

  it('calls its listeners within cancel, in the order in which they came', () => {
    const scope = new CancelScope();
    const { entries, note } = diary();
    scope.onCancel(note('first'));
    scope.onCancel(note('second'));
    scope.onCancel(note('third'));
    scope.cancel(reason);
    note('after cancel')();
    expect(entries).toEqual(['first', 'second', 'third', 'after cancel']);
  });

  it('tells its listeners first, then those who wait for the work, and the platform signal last', () => {
    const scope = new CancelScope();
    const { entries, note } = diary();
    scope.signal.addEventListener('abort', note('signal'));
    scope.onGiveUp(note('give up'));
    scope.onCancel(note('cancel'));
    scope.cancel(reason);
    expect(entries).toEqual(['cancel', 'give up', 'signal']);
  });

  it('calls a listener at once where it has ended already', () => {
    const scope = new CancelScope();
    scope.cancel(reason);
    const heard: unknown[] = [];
    scope.onCancel((given) => heard.push(given))();
    scope.onGiveUp((given) => heard.push(given))();
    expect(heard).toEqual([reason, reason]);
  });

  it('does not call a listener that has stopped listening, and may be told so twice', () => {
    const scope = new CancelScope();
    const { entries, note } = diary();
    const stops = [scope.onCancel(note('cancel')), scope.onGiveUp(note('give up'))];
    scope.onCancel(note('other'));
    for (const stop of [...stops, ...stops]) stop();
    scope.cancel(reason);
    for (const stop of stops) stop();
    expect(entries).toEqual(['other']);
  });

  it('can be cancelled, asked and listened to by its own listeners', () => {
    const scope = new CancelScope();
    const { entries, note } = diary();
    scope.onCancel(() => {
      scope.cancel(new Error('from within'));
      expect(scope.reason).toBe(reason);
      expect(scope.signal.aborted).toBe(true);
      scope.onCancel(note('added within'));
      scope.dispose();
    });
    scope.onCancel(note('second'));
    scope.cancel(reason);
    expect(entries).toEqual(['added within', 'second']);
  });
});

describe('the listeners of a scope that is cancelled', () => {
  it.each(['onCancel', 'onGiveUp'] as const)('of %s are not called where another has removed them', (method) => {
    const scope = new CancelScope();
    const heard: string[] = [];
    scope[method](() => {
      heard.push('first');
      unlisten();
    });
    const unlisten = scope[method](() => heard.push('second'));
    scope[method](() => heard.push('third'));
    scope.cancel(new Error('stop'));
    expect(heard).toEqual(['first', 'third']);
  });

  it('are all called, and so is the platform signal, where one of them throws; cancel then throws its error', () => {
    const [parent, broken, reason] = [new CancelScope(), new Error('broken'), new Error('stop')];
    const scope = new CancelScope(parent);
    const heard: string[] = [];
    for (const method of ['onCancel', 'onGiveUp'] as const) {
      scope[method](() => {
        throw broken;
      });
      scope[method](() => heard.push(method));
    }
    const sibling = new CancelScope(parent);
    const { signal } = scope;
    expect(() => parent.cancel(reason)).toThrow(broken);
    expect(heard).toEqual(['onCancel', 'onGiveUp']);
    expect(signal.reason).toBe(reason);
    expect(sibling.reason).toBe(reason);
  });
});

describe("a scope's platform signal", () => {
  it('is one and the same, and aborts with the reason', () => {
    const scope = new CancelScope();
    const { signal } = scope;
    expect(scope.signal).toBe(signal);
    expect(signal.aborted).toBe(false);
    scope.cancel(reason);
    expect([signal.aborted, signal.reason]).toEqual([true, reason]);
  });

  it('has aborted from the start where it is asked for after the end', () => {
    const scope = new CancelScope();
    scope.cancel(reason);
    expect([scope.signal.aborted, scope.signal.reason]).toEqual([true, reason]);
  });

  it('takes any number of listeners without a warning of a leak', async () => {
    const warnings: Error[] = [];
    const remember = (warning: Error) => void warnings.push(warning);
    process.on('warning', remember);
    const { signal } = new CancelScope();
    for (let i = 0; i < 50; i += 1) signal.addEventListener('abort', () => {});
    await settled();
    process.off('warning', remember);
    expect(warnings).toEqual([]);
  });
});

describe('a scope below others', () => {
  it('ends with its parent, with the same reason, and so does everything below it', () => {
    const root = new CancelScope();
    const middle = new CancelScope(root);
    const leaf = new CancelScope(middle);
    root.cancel(reason);
    expect([middle.reason, leaf.reason]).toEqual([reason, reason]);
  });

  it('ends without its parent and its siblings', () => {
    const root = new CancelScope();
    const [one, other] = [new CancelScope(root), new CancelScope(root)];
    one.cancel(reason);
    expect([root.cancelled, one.cancelled, other.cancelled]).toEqual([false, true, false]);
  });

  it('ends with the first of several parents that ends, and takes `undefined` for no parent', () => {
    const [left, right] = [new CancelScope(), new CancelScope()];
    const scope = new CancelScope(left, undefined, right);
    right.cancel(reason);
    left.cancel(new Error('later'));
    expect(scope.reason).toBe(reason);
    expect(new CancelScope(undefined).cancelled).toBe(false);
  });

  it('has ended from the start under a parent that has ended', () => {
    const root = new CancelScope();
    root.cancel(reason);
    expect(new CancelScope(new CancelScope(), root).reason).toBe(reason);
  });

  it('ends in the order of the listeners of its parent, children among them', () => {
    const root = new CancelScope();
    const { entries, note } = diary();
    root.onCancel(note('before'));
    new CancelScope(root).onCancel(note('child'));
    root.onCancel(note('after'));
    root.cancel(reason);
    expect(entries).toEqual(['before', 'child', 'after']);
  });

  it('ends a thousand levels down', () => {
    const root = new CancelScope();
    let leaf = root;
    for (let i = 0; i < 1_000; i += 1) leaf = new CancelScope(leaf);
    root.cancel(reason);
    expect(leaf.reason).toBe(reason);
  });
});

describe('a scope that was disposed of', () => {
  it('does not end with its parent any more', () => {
    const root = new CancelScope();
    const scope = new CancelScope(root);
    scope.dispose();
    root.cancel(reason);
    expect(scope.cancelled).toBe(false);
  });

  it.each(['onCancel', 'onGiveUp'] as const)('ends with its parent as long as one still listens by %s', (listen) => {
    const root = new CancelScope();
    const scope = new CancelScope(root);
    const stops = [scope[listen](() => {}), scope[listen](() => {})];
    scope.dispose();
    stops[0]?.();
    root.cancel(reason);
    expect(scope.reason).toBe(reason);
  });

  it.each(['onCancel', 'onGiveUp'] as const)('is cut off when the last who listened by %s stops', (listen) => {
    const root = new CancelScope();
    const scope = new CancelScope(root);
    const stop = scope[listen](() => {});
    scope.dispose();
    stop();
    root.cancel(reason);
    expect(scope.cancelled).toBe(false);
  });

  it('stays tied as long as a scope below it is in use', () => {
    const root = new CancelScope();
    const scope = new CancelScope(root);
    const leaf = new CancelScope(scope);
    scope.dispose();
    scope.dispose();
    root.cancel(reason);
    expect(leaf.reason).toBe(reason);
  });

  it('is cut off when the last scope below it is disposed of', () => {
    const root = new CancelScope();
    const scope = new CancelScope(root);
    const leaves = [new CancelScope(scope), new CancelScope(scope)];
    scope.dispose();
    for (const leaf of leaves) leaf.dispose();
    root.cancel(reason);
    expect([scope, ...leaves].map(({ cancelled }) => cancelled)).toEqual([false, false, false]);
  });

  it('keeps its ties while it is not disposed of, though its last listener has stopped', () => {
    const root = new CancelScope();
    const scope = new CancelScope(root);
    scope.onCancel(() => {})();
    root.cancel(reason);
    expect(scope.cancelled).toBe(true);
  });

  it('needs no end of the work to be cut off: being given up on is enough', () => {
    const { signal } = new AbortController();
    const scope = CancelScope.under(new CancelScope(), signal);
    scope.onGiveUp(() => {});
    scope.cancel(reason);
    expect(listenersOf(signal)).toBe(0);
  });

  it('can still be cancelled by itself', () => {
    const scope = new CancelScope(new CancelScope());
    scope.dispose();
    scope.cancel(reason);
    expect(scope.reason).toBe(reason);
  });
});

describe("a scope under a caller's signal", () => {
  it('ends in the tick of the abort, with the reason of the signal', () => {
    const controller = new AbortController();
    const scope = CancelScope.under(undefined, controller.signal);
    controller.abort(reason);
    expect(scope.reason).toBe(reason);
  });

  it('has ended where the signal has aborted already, and does not listen to it', () => {
    const signal = AbortSignal.abort(reason);
    expect(CancelScope.under(undefined, signal).reason).toBe(reason);
    expect(listenersOf(signal)).toBe(0);
  });

  it('ends with its parent as well', () => {
    const root = new CancelScope();
    const { signal } = new AbortController();
    const scope = CancelScope.under(root, signal);
    root.cancel(reason);
    expect(scope.reason).toBe(reason);
    expect(listenersOf(signal)).toBe(0);
  });

  it('does not end the parent that it shares with others when its own signal aborts', () => {
    const root = new CancelScope();
    const controller = new AbortController();
    CancelScope.under(root, controller.signal);
    const sibling = CancelScope.under(root, new AbortController().signal);
    controller.abort(reason);
    expect([root.cancelled, sibling.cancelled]).toEqual([false, false]);
  });

  it('shares one listener with all others under that signal, until the last is disposed of', () => {
    const { signal } = new AbortController();
    const scopes = Array.from({ length: 3 }, () => CancelScope.under(undefined, signal));
    const counts = scopes.map((scope) => {
      const before = listenersOf(signal);
      scope.dispose();
      return before;
    });
    expect([...counts, listenersOf(signal)]).toEqual([1, 1, 1, 0]);
  });

  it('listens again after all scopes before it were disposed of', () => {
    const controller = new AbortController();
    CancelScope.under(undefined, controller.signal).dispose();
    const scope = CancelScope.under(undefined, controller.signal);
    expect(listenersOf(controller.signal)).toBe(1);
    controller.abort(reason);
    expect(scope.reason).toBe(reason);
    expect(listenersOf(controller.signal)).toBe(0);
  });

  it('does not end with the signal of another', () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const scopes = [one, other].map(({ signal }) => CancelScope.under(undefined, signal));
    one.abort(reason);
    expect(scopes.map(({ cancelled }) => cancelled)).toEqual([true, false]);
  });

  it('stays tied to the signal for what below it still listens', () => {
    const controller = new AbortController();
    const scope = CancelScope.under(undefined, controller.signal);
    const reading = new CancelScope(scope);
    scope.dispose();
    expect(listenersOf(controller.signal)).toBe(1);
    controller.abort(reason);
    expect(reading.reason).toBe(reason);
  });

  it('leaves no listener and no memory behind, thousands of times', async () => {
    const { signal } = new AbortController();
    const held = Array.from({ length: 5_000 }, () => CancelScope.under(undefined, signal));
    expect(listenersOf(signal)).toBe(1);
    for (const scope of held) scope.dispose();
    expect(listenersOf(signal)).toBe(0);

    const keeper = CancelScope.under(undefined, signal);
    const weak = Array.from({ length: 5_000 }, () => {
      const scope = CancelScope.under(undefined, signal);
      scope.onCancel(() => {})();
      scope.dispose();
      return new WeakRef(scope);
    });
    await settled();
    globalThis.gc?.();
    expect(weak.filter((ref) => ref.deref() !== undefined)).toHaveLength(0);
    keeper.dispose();
    expect(listenersOf(signal)).toBe(0);
  });
});

describe('a scope that is cancelled with a grace', () => {
  it('tells its listeners at once, and those who wait for the work when the grace ends', () => {
    const [scope, grace] = [new CancelScope(), new CancelScope()];
    const { entries, note } = diary();
    scope.onGiveUp(note('give up'));
    scope.onCancel(note('cancel'));
    scope.signal.addEventListener('abort', note('signal'));
    scope.cancel(reason, 'superseded', grace);
    expect(entries).toEqual(['cancel', 'signal']);
    grace.cancel('over');
    expect(entries).toEqual(['cancel', 'signal', 'give up']);
  });

  it('gives up with its own reason, not with that of the grace, also on waits that begin later', () => {
    const [scope, grace] = [new CancelScope(), new CancelScope()];
    const heard: unknown[] = [];
    scope.onGiveUp((given) => heard.push(given));
    scope.cancel(reason, 'superseded', grace);
    scope.onGiveUp((given) => heard.push(given));
    grace.cancel('over');
    scope.onGiveUp((given) => heard.push(given));
    expect(heard).toEqual([reason, reason, reason]);
  });

  it('does not call those who have stopped waiting in the grace', () => {
    const [scope, grace] = [new CancelScope(), new CancelScope()];
    const { entries, note } = diary();
    const early = scope.onGiveUp(note('early'));
    scope.cancel(reason, 'superseded', grace);
    const late = scope.onGiveUp(note('late'));
    early();
    late();
    grace.cancel('over');
    expect(entries).toEqual([]);
  });

  it('grants it to the scopes below it, and to those that are made below it later', () => {
    const [scope, grace] = [new CancelScope(), new CancelScope()];
    const { entries, note } = diary();
    new CancelScope(scope).onGiveUp(note('before'));
    scope.cancel(reason, 'superseded', grace);
    const later = new CancelScope(scope);
    later.onGiveUp(note('after'));
    expect(later.reason).toBe(reason);
    expect(entries).toEqual([]);
    grace.cancel('over');
    expect(entries).toEqual(['before', 'after']);
  });

  it('lets go of the grace when the last who waited has stopped, or when the grace ends', () => {
    const { signal } = new AbortController();
    const cancelled = () => {
      const [scope, grace] = [CancelScope.under(undefined, signal), CancelScope.under(undefined, signal)];
      const stop = scope.onGiveUp(() => {});
      scope.cancel(reason, 'superseded', grace);
      grace.dispose();
      expect(listenersOf(signal)).toBe(1);
      return { grace, stop };
    };
    cancelled().stop();
    expect(listenersOf(signal)).toBe(0);
    cancelled().grace.cancel('over');
    expect(listenersOf(signal)).toBe(0);
  });

  it('gives up at once where the grace is over already', () => {
    const [scope, grace] = [new CancelScope(), new CancelScope()];
    const { entries, note } = diary();
    scope.onGiveUp(note('give up'));
    grace.cancel('over');
    scope.cancel(reason, 'superseded', grace);
    expect(entries).toEqual(['give up']);
  });

  it('does not grant a second one to a scope that was cancelled without', () => {
    const [scope, grace] = [new CancelScope(), new CancelScope()];
    const { entries, note } = diary();
    scope.onGiveUp(note('give up'));
    scope.cancel(reason);
    scope.cancel(reason, 'superseded', grace);
    expect(entries).toEqual(['give up']);
  });
});

describe('work that is waited for until it is cancelled', () => {
  const never = new Promise<never>(() => {});

  it('is handed back as it is where nothing can cancel it', () => {
    const work = Promise.resolve(1);
    expect(untilCancelled(work, undefined)).toBe(work);
  });

  it('settles as the work does', async () => {
    const scope = new CancelScope();
    const error = new Error('mine');
    await expect(untilCancelled(Promise.resolve(1), scope)).resolves.toBe(1);
    await expect(untilCancelled(Promise.reject(error), scope)).rejects.toBe(error);
  });

  it('settles as any other thenable does', async () => {
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested.
    const work = { then: (resolve: (value: number) => void) => resolve(7) } as PromiseLike<number>;
    await expect(untilCancelled(work, new CancelScope())).resolves.toBe(7);
  });

  it('rejects with the reason of the scope, though the work goes on', async () => {
    const scope = new CancelScope();
    const waiting = untilCancelled(never, scope);
    scope.cancel(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  it('rejects at once in a scope that has ended, and takes no notice of how the work fails', async () => {
    const scope = new CancelScope();
    scope.cancel(reason);
    await expect(untilCancelled(never, scope)).rejects.toBe(reason);
    await expect(untilCancelled(Promise.reject(new Error('late')), scope)).rejects.toBe(reason);
  });

  it('has succeeded where it still succeeds in its grace', async () => {
    const [scope, grace] = [new CancelScope(), new CancelScope()];
    const { promise, resolve } = withResolvers<string>();
    const waiting = untilCancelled(promise, scope);
    scope.cancel(reason, 'superseded', grace);
    resolve('done after all');
    await expect(waiting).resolves.toBe('done after all');
  });

  it('is given up on when its grace ends', async () => {
    const [scope, grace] = [new CancelScope(), new CancelScope()];
    let rejected = false;
    const waiting = Promise.resolve(untilCancelled(never, scope)).catch((error: unknown) => {
      rejected = true;
      return error;
    });
    scope.cancel(reason, 'superseded', grace);
    await settled();
    expect(rejected).toBe(false);
    grace.cancel('over');
    await expect(waiting).resolves.toBe(reason);
  });

  it.each([
    ['succeeded', () => Promise.resolve(1)],
    ['failed', () => Promise.reject(new Error('mine'))],
  ])('is not listened for any more once it has %s', async (_, work) => {
    const { signal } = new AbortController();
    const scope = CancelScope.under(undefined, signal);
    const waiting = untilCancelled(work(), scope);
    scope.dispose();
    expect(listenersOf(signal)).toBe(1);
    await Promise.allSettled([waiting]);
    expect(listenersOf(signal)).toBe(0);
  });
});

function withResolvers<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
