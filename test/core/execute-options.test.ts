import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { CancelScope } from '../../src/core/cancellation.ts';
import { contextAround, ExecutionContext } from '../../src/core/context.ts';
import { contextFor, type ExecuteOptions } from '../../src/core/execute-options.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createVirtualClock } from '../../src/testing/index.ts';

const reason = new Error('stop');

describe('the context that the options ask for', () => {
  it('is a new one outside of every execution', () => {
    const context = contextFor({});
    expect(context).toMatchObject({ clock: systemClock, scope: undefined, tags: {}, workflowName: undefined });
    expect(contextFor({}).workflowId).not.toBe(context.workflowId);
    expect(contextAround()).toBeUndefined();
  });

  it('is the one around the caller where they say nothing, also as `undefined`', () => {
    const around = ExecutionContext.create({});
    expect(around.enter(() => contextFor({}))).toBe(around);
    expect(around.enter(() => contextFor({ context: undefined, signal: undefined }))).toBe(around);
  });

  it('is the one that they give, not the one around the caller', () => {
    const [around, given] = [ExecutionContext.create({}), ExecutionContext.create({})];
    expect(around.enter(() => contextFor({ context: given }))).toBe(given);
  });

  it('is a fresh run of one that came from another process', () => {
    const origin = { parent: undefined, links: [], baggage: [] };
    const given = ExecutionContext.remote({ workflowId: 'w-1' }, origin);
    const [one, other] = [contextFor({ context: given }), contextFor({ context: given })];
    expect([one.consumeOrigin(), other.consumeOrigin()]).toEqual([origin, origin]);
    expect([one.workflowId, other.workflowId]).toEqual(['w-1', 'w-1']);
  });

  it('is one from another process under the clock, the cancellation and the workflow around the caller', () => {
    const [clock, scope] = [createVirtualClock(), new CancelScope()];
    const around = ExecutionContext.create({ sessionId: 'ours', tags: { a: 1 }, clock })
      .within(scope)
      .inWorkflow('w');
    const context = around.enter(() => contextFor({ context: ExecutionContext.remote({ workflowId: 'w-1' }) }));
    expect(context).toMatchObject({
      clock,
      scope,
      workflowName: 'w',
      workflowId: 'w-1',
      sessionId: undefined,
      tags: {},
    });
  });

  it('has the ids, tags and clock given, and inherits the rest from the one around the caller', () => {
    const clock = createVirtualClock();
    const scope = new CancelScope();
    const around = ExecutionContext.create({ workflowId: 'w-1', sessionId: 's-1', tags: { team: 'search' } });
    const context = around
      .within(scope)
      .enter(() => contextFor({ context: { sessionId: 's-2', tags: { user: 'ada' }, clock } }));
    expect(context).toMatchObject({
      workflowId: 'w-1',
      sessionId: 's-2',
      tags: { team: 'search', user: 'ada' },
      clock,
      scope,
    });
  });

  it('has nothing but what is given outside of every execution', () => {
    const clock = createVirtualClock();
    const given = { workflowId: 'w-1', sessionId: 's-1', correlationId: 'c-1', tags: { a: 1 }, clock };
    const { workflowId, sessionId, correlationId, tags, clock: own } = contextFor({ context: given });
    expect({ workflowId, sessionId, correlationId, tags, clock: own }).toEqual(given);
  });

  it('ends with the signal given, and with the one around the caller', () => {
    const [scope, controller] = [new CancelScope(), new AbortController()];
    const around = ExecutionContext.create({}).within(scope);
    const ask = (signal: AbortSignal) => around.enter(() => contextFor({ signal }));
    const [one, other] = [ask(controller.signal), ask(new AbortController().signal)];
    controller.abort(reason);
    expect([one.scope?.reason, other.scope?.cancelled, scope.cancelled]).toEqual([reason, false, false]);
    scope.cancel(reason);
    expect(other.scope?.reason).toBe(reason);
  });

  it('has ended where the signal given has aborted before', () => {
    expect(contextFor({ signal: AbortSignal.abort(reason) }).scope?.reason).toBe(reason);
  });
});

describe('wrong options', () => {
  const clock = createVirtualClock();
  const own = 'known are workflowId, sessionId, correlationId, tenant, tags, clock';

  it.each<[unknown, string]>([
    [null, 'ExecuteOptions: must be an object such as { signal: … }, got null'],
    ['now', 'ExecuteOptions: must be an object such as { signal: … }, got "now"'],
    [() => {}, 'ExecuteOptions: must be an object such as { signal: … }, got a function'],
    [{ Signal: 1 }, 'ExecuteOptions: there is no option "Signal"; did you mean signal?'],
    [{ timeoutMs: 1 }, 'ExecuteOptions: there is no option "timeoutMs"; known are signal, context'],
    [
      { signal: new AbortController() },
      'ExecuteOptions: signal must be an AbortSignal (for example AbortSignal.timeout(5000)), got an AbortController',
    ],
    [
      { signal: null },
      'ExecuteOptions: signal must be an AbortSignal (for example AbortSignal.timeout(5000)), got null',
    ],
    [
      { signal: 5_000 },
      'ExecuteOptions: signal must be an AbortSignal (for example AbortSignal.timeout(5000)), got 5000',
    ],
    [{ context: null }, 'ExecuteOptions: context: must be an object such as { workflowId: … }, got null'],
    [{ context: 'w-1' }, 'ExecuteOptions: context: must be an object such as { workflowId: … }, got "w-1"'],
    [{ context: { userId: 'ada' } }, `ExecuteOptions: context: there is no option "userId"; ${own}`],
    [
      { context: { correlationID: 'c' } },
      'ExecuteOptions: context: there is no option "correlationID"; did you mean correlationId?',
    ],
    [{ context: { inWorkflow: () => {} } }, 'ExecuteOptions: context is a WorkflowContext, made by another version'],
    [{ context: { workflowId: 7 } }, 'ExecuteOptions: context.workflowId must be a text, got 7'],
    [{ context: { sessionId: null } }, 'ExecuteOptions: context.sessionId must be a text, got null'],
    [{ context: { correlationId: {} } }, 'ExecuteOptions: context.correlationId must be a text, got an object'],
    [{ context: { tags: 'a' } }, 'ExecuteOptions: context.tags must be an object such as { team: … }, got "a"'],
    [
      { context: { tags: JSON.parse('{"__proto__":"a"}') } },
      'ExecuteOptions: context.tags must not have the key __proto__, got an object',
    ],
    [{ context: { clock: null } }, 'ExecuteOptions: context.clock.now must be a function, got undefined'],
    [{ context: { clock: Date } }, 'ExecuteOptions: context.clock.sleep must be a function, got undefined'],
    [
      { context: { clock: { ...clock, after: 100 } } },
      'ExecuteOptions: context.clock.after must be a function, got 100',
    ],
  ])('are refused with the way to mend them: %o', (options, message) => {
    expect(() => contextFor(options as ExecuteOptions)).toThrow(message);
  });

  it('are a TypeError, also where the value is a number', () => {
    expect(() => contextFor({ signal: 'x' as never })).toThrow(TypeError);
    expect(() => contextFor({ context: { workflowId: 7 as never } })).toThrow(TypeError);
  });

  it('leave no listener on the signal', () => {
    const { signal } = new AbortController();
    expect(() => contextFor({ signal, context: { workflowId: 7 as never } })).toThrow();
    expect(() => contextFor({ signal, more: 1 } as never)).toThrow();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
