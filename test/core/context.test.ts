import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { CancelScope } from '../../src/core/cancellation.ts';
import { ambientContext, contextAround, ExecutionContext, enter } from '../../src/core/context.ts';
import type { ContextOptions } from '../../src/core/workflow-context.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createVirtualClock, settled } from '../../src/testing/index.ts';

const reason = new Error('stop');
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const create = (options: ContextOptions = {}) => ExecutionContext.create(options);
const idsOf = ({ workflowId, sessionId, correlationId }: ExecutionContext) => ({
  workflowId,
  sessionId,
  correlationId,
});

describe('a new context', () => {
  it('has what the options say', () => {
    const clock = createVirtualClock();
    const given = { workflowId: 'w-1', sessionId: 's-1', correlationId: 'c-1', tags: { team: 'search' }, clock };
    const context = create(given);
    expect({ ...idsOf(context), tags: context.tags, clock: context.clock }).toEqual(given);
  });

  it('has random ids, no session, no tags, no workflow and the clock of the machine where nothing is said', () => {
    const context = create();
    expect(context.workflowId).toMatch(UUID);
    expect(context.correlationId).toBe(context.workflowId);
    expect(context.workflowId).not.toBe(create().workflowId);
    expect(context).toMatchObject({ sessionId: undefined, tags: {}, workflowName: undefined, clock: systemClock });
  });

  it('keeps its random id, however often and by which context of the run it is asked for', () => {
    const context = create();
    const inside = context.within(new CancelScope()).inWorkflow('w');
    const id = inside.workflowId;
    expect([context.workflowId, context.correlationId, inside.workflowId]).toEqual([id, id, id]);
  });

  it('correlates by the workflow id unless told otherwise', () => {
    expect(create({ workflowId: 'w-1' }).correlationId).toBe('w-1');
    expect(create({ workflowId: 'w-1', correlationId: 'c-1' }).correlationId).toBe('c-1');
  });

  it('has no tags that others could add to', () => {
    expect(Object.isFrozen(create().tags)).toBe(true);
  });

  it('has a signal that never aborts, one and the same, where nothing can cancel it', () => {
    const context = create();
    expect(context.scope).toBeUndefined();
    expect(context.signal.aborted).toBe(false);
    expect(context.signal).toBe(context.signal);
  });
});

describe('a context within a scope', () => {
  it('is the same run, with the signal of that scope', () => {
    const scope = new CancelScope();
    const clock = createVirtualClock();
    const context = create({ workflowId: 'w-1', clock }).inWorkflow('w');
    const inside = context.within(scope);
    expect(inside).toMatchObject({ workflowId: 'w-1', workflowName: 'w', clock, scope });
    expect(inside.signal).toBe(scope.signal);
    expect(context.scope).toBeUndefined();
  });

  it('tells of the end of that scope until it is told to stop', () => {
    const heard: unknown[] = [];
    const [one, other] = [new CancelScope(), new CancelScope()];
    create()
      .within(one)
      .onCancel((given) => heard.push(given));
    create()
      .within(other)
      .onCancel((given) => heard.push(given))();
    one.cancel(reason);
    other.cancel(reason);
    expect(heard).toEqual([reason]);
  });

  it('can be listened to in vain where there is no scope', () => {
    expect(() => create().onCancel(() => {})()).not.toThrow();
  });

  it.each([
    ['the reason itself', reason, 'timeout'],
    ['an AbortError of what the work called', new DOMException('aborted', 'AbortError'), 'timeout'],
    ['any error that is named AbortError', Object.assign(new Error('x'), { name: 'AbortError' }), 'timeout'],
    ['another error', new Error('stop'), undefined],
    ['a text', 'AbortError', undefined],
    ['nothing', undefined, undefined],
  ])('says of %s whether it is its cancellation, and what that makes of the work', (_, error, expected) => {
    const scope = new CancelScope();
    const context = create().within(scope);
    expect(context.cancelledAs(error)).toBeUndefined();
    scope.cancel(reason, 'timeout');
    expect(context.cancelledAs(error)).toBe(expected);
    expect(create().cancelledAs(error)).toBeUndefined();
  });

  it('is not deceived by an error that cannot be read', () => {
    const scope = new CancelScope();
    scope.cancel(reason);
    const trap = Object.defineProperty({}, 'name', {
      get: () => {
        throw new Error('trap');
      },
    });
    expect(create().within(scope).cancelledAs(trap)).toBeUndefined();
  });
});

describe('the name of the workflow', () => {
  it('is that of the outermost', () => {
    const outer = create().inWorkflow('outer');
    expect(outer.workflowName).toBe('outer');
    expect(outer.inWorkflow('inner')).toBe(outer);
  });

  it('goes on to runs below it', () => {
    expect(create().inWorkflow('outer').with({ workflowId: 'w-2' }).workflowName).toBe('outer');
  });
});

describe('a run below another', () => {
  const outer = {
    workflowId: 'w-1',
    sessionId: 's-1',
    correlationId: 'c-1',
    tags: { team: 'search', tries: 1 },
    clock: createVirtualClock(),
  };

  it('inherits what it does not say', () => {
    const scope = new CancelScope();
    const inner = create(outer).within(scope).with({});
    expect({ ...idsOf(inner), tags: inner.tags, clock: inner.clock }).toEqual(outer);
    expect(inner.scope).toBe(scope);
  });

  it.each([
    ['workflowId', 'other'],
    ['sessionId', 'other'],
    ['correlationId', 'other'],
    ['clock', createVirtualClock()],
  ] as const)('says its own %s and inherits the rest', (key, value) => {
    const inner = create(outer).with({ [key]: value });
    expect({ ...idsOf(inner), tags: inner.tags, clock: inner.clock }).toEqual({ ...outer, [key]: value });
  });

  it('inherits also where it says `undefined`', () => {
    const { clock, tags, ...ids } = outer;
    const inner = create(outer).with({
      workflowId: undefined,
      sessionId: undefined,
      correlationId: undefined,
      tags: undefined,
      clock: undefined,
    });
    expect(idsOf(inner)).toEqual(ids);
    expect([inner.tags, inner.clock]).toEqual([tags, clock]);
  });

  it('adds its tags to those around it, its own first, and changes none of theirs', () => {
    const context = create(outer);
    expect(context.with({ tags: { tries: 2, user: 'ada' } }).tags).toEqual({ team: 'search', tries: 2, user: 'ada' });
    expect(context.tags).toEqual({ team: 'search', tries: 1 });
  });

  it('inherits the random id, no matter which of them is asked for it first', () => {
    const context = create();
    const inner = context.with({ tags: { a: 1 } });
    const id = inner.workflowId;
    expect(idsOf(context)).toEqual({ workflowId: id, sessionId: undefined, correlationId: id });
    expect(idsOf(context.with({}))).toEqual(idsOf(context));
  });

  it('shows its ids and errors again', () => {
    const context = create(outer);
    context.consumeAttributes();
    context.isFirstToRecord(reason);
    const inner = context.with({});
    expect(inner.consumeAttributes()).toMatchObject({ 'tta.workflow.id': 'w-1' });
    expect(inner.isFirstToRecord(reason)).toBe(true);
  });
});

describe('where a run was caused', () => {
  const origin = { parent: undefined, links: [], baggage: [] };

  it('is told once, to the first context of the run that asks', () => {
    const context = ExecutionContext.remote({}, origin);
    const inside = context.inWorkflow('w');
    expect(inside.consumeOrigin()).toBe(origin);
    expect([context.consumeOrigin(), inside.consumeOrigin()]).toEqual([undefined, undefined]);
  });

  it('is nowhere for a run that began here', () => {
    expect(create().consumeOrigin()).toBeUndefined();
  });

  it('is told to each fresh run of one context, with the same ids', () => {
    const context = ExecutionContext.remote({ workflowId: 'w-1', tags: { a: 1 } }, origin);
    for (const run of [context.fresh(), context.fresh()]) {
      expect(run.consumeOrigin()).toBe(origin);
      expect(run).toMatchObject({ workflowId: 'w-1', tags: { a: 1 } });
    }
  });

  it('needs no fresh run where it is not elsewhere', () => {
    const context = create();
    expect(context.fresh()).toBe(context);
  });

  it('is not inherited by a run below', () => {
    expect(ExecutionContext.remote({}, origin).with({}).consumeOrigin()).toBeUndefined();
  });
});

describe('the ids and tags of a run', () => {
  it('are shown once, by the first context of the run that is asked', () => {
    const context = create({ workflowId: 'w-1', sessionId: 's-1', tags: { team: 'search', tries: 2 } });
    expect(context.inWorkflow('w').consumeAttributes()).toEqual({
      'tta.workflow.id': 'w-1',
      'tta.correlation.id': 'w-1',
      'session.id': 's-1',
      'tta.tag.team': 'search',
      'tta.tag.tries': 2,
    });
    expect(context.consumeAttributes()).toBeUndefined();
  });

  it('are shown of a workflow also when nothing was given, and not of a lone primitive', () => {
    expect(ambientContext().inWorkflow('w').consumeAttributes()).toMatchObject({
      'tta.workflow.id': expect.stringMatching(UUID),
    });
    expect(ambientContext().consumeAttributes()).toBeUndefined();
  });
});

describe('the details of an error', () => {
  it('are recorded by the first of a run that asks', () => {
    const context = create();
    const inside = context.within(new CancelScope());
    expect([inside.isFirstToRecord(reason), context.isFirstToRecord(reason)]).toEqual([true, false]);
    expect(context.isFirstToRecord(new Error('stop'))).toBe(true);
    expect(create().isFirstToRecord(reason)).toBe(true);
  });

  it.each(['text', 7, null, undefined, Symbol('s')])('are recorded by all where %s was thrown', (thrown) => {
    const context = create();
    expect([context.isFirstToRecord(thrown), context.isFirstToRecord(thrown)]).toEqual([true, true]);
  });
});

describe('sleep', () => {
  it('ends when its time has passed on the clock of the context, and not before', async () => {
    const clock = createVirtualClock();
    let awake = false;
    const sleeping = create({ clock })
      .sleep(100)
      .then(() => {
        awake = true;
      });
    await clock.advance(99);
    expect(awake).toBe(false);
    await clock.advance(1);
    expect(awake).toBe(true);
    await sleeping;
  });

  it('rejects with the reason in the tick of the cancellation, and leaves no timer', async () => {
    const clock = createVirtualClock();
    const scope = new CancelScope();
    const sleeping = create({ clock }).within(scope).sleep(60_000);
    expect(clock.pending).toBe(1);
    const order: string[] = [];
    sleeping.catch(() => order.push('awake'));
    scope.cancel(reason);
    expect(clock.pending).toBe(0);
    queueMicrotask(() => order.push('next microtask'));
    await expect(sleeping).rejects.toBe(reason);
    expect(order).toEqual(['awake', 'next microtask']);
  });

  it('does not begin where the cancellation came before', async () => {
    const clock = createVirtualClock();
    const scope = new CancelScope();
    scope.cancel(reason);
    const sleeping = create({ clock }).within(scope).sleep(60_000);
    expect(clock.pending).toBe(0);
    await expect(sleeping).rejects.toBe(reason);
  });

  it('does not wait for the end of a grace', async () => {
    const clock = createVirtualClock();
    const scope = new CancelScope();
    const sleeping = create({ clock }).within(scope).sleep(60_000);
    scope.cancel(reason, 'superseded', new CancelScope());
    await expect(sleeping).rejects.toBe(reason);
  });

  it('stops listening when it has ended', async () => {
    const clock = createVirtualClock();
    const { signal } = new AbortController();
    const scope = CancelScope.under(undefined, signal);
    const sleeping = create({ clock }).within(scope).sleep(10);
    scope.dispose();
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await clock.advance(10);
    await sleeping;
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

describe('the context around the caller', () => {
  it('is the one that was entered, also after a wait, and only there', async () => {
    const context = create();
    expect(contextAround()).toBeUndefined();
    const inside = context.enter(async () => {
      await settled();
      return contextAround();
    });
    expect(contextAround()).toBeUndefined();
    await expect(inside).resolves.toBe(context);
  });

  it('is the innermost of several, and the outer again after it', () => {
    const [outer, inner] = [create(), create()];
    const seen = outer.enter(() => [contextAround(), inner.enter(contextAround), contextAround()]);
    expect(seen).toEqual([outer, inner, outer]);
  });

  it('is kept apart for what runs at the same time', async () => {
    const contexts = Array.from({ length: 10 }, () => create());
    const seen = await Promise.all(
      contexts.map((context) =>
        context.enter(async () => {
          await settled();
          return contextAround();
        }),
      ),
    );
    expect(seen).toEqual(contexts);
  });

  it('hands arguments, output and error of the work through', () => {
    const context = create();
    expect(enter(context, (a: number, b: number) => a - b, 5, 3)).toBe(2);
    expect(context.enter(() => enter(context, (a: number) => a, 1))).toBe(1);
    expect(() =>
      context.enter(() => {
        throw reason;
      }),
    ).toThrow(reason);
    expect(contextAround()).toBeUndefined();
  });

  it('is taken where there is one, else a new one for every call', () => {
    const context = create();
    expect(context.enter(ambientContext)).toBe(context);
    expect(ambientContext()).not.toBe(ambientContext());
  });
});
