import { describe, expect, it } from 'vitest';
import type { ObservedContext } from '../../src/telemetry/observation.ts';
import { type Cancellation, OUTCOMES } from '../../src/telemetry/semconv.ts';
import { ownVerdict, VERDICT, verdictOn } from '../../src/telemetry/verdict.ts';

const carrying = (verdict: unknown) => Object.assign(new Error('x'), { [VERDICT]: verdict });
const FAILURES = OUTCOMES.filter((outcome) => outcome !== 'success');
const trap = () => {
  throw new Error('trap');
};

/** A context that was cancelled so, or was not. */
const context = (cancelled?: Cancellation): ObservedContext => ({
  clock: { now: () => 0 },
  consumeOrigin: () => undefined,
  consumeAttributes: () => undefined,
  cancelledAs: () => cancelled,
  isFirstToRecord: () => true,
});

describe("an error's own verdict", () => {
  it('finds the outcomes that are no success', () => {
    expect([...FAILURES].sort()).toEqual(['cancelled', 'failure', 'rejected', 'superseded', 'timeout']);
  });

  it.each(FAILURES)('is %s where it says so', (outcome) => {
    expect(ownVerdict(carrying(outcome))).toBe(outcome);
  });

  it('is found also where it is inherited, and on what is no Error', () => {
    expect(ownVerdict(Object.create(carrying('timeout')))).toBe('timeout');
    expect(ownVerdict({ [VERDICT]: 'rejected' })).toBe('rejected');
  });

  it.each(['success', 'nonsense', '', 'Timeout', 'toString', '__proto__', 7, null, undefined, {}, ['timeout']])(
    'is none where it is %j',
    (verdict) => {
      expect(ownVerdict(carrying(verdict))).toBeUndefined();
    },
  );

  it.each([
    ['an error without one', () => new Error('timeout')],
    ['a text', () => 'timeout'],
    ['nothing', () => undefined],
    ['null', () => null],
    ['an error that throws when it is asked', () => Object.defineProperty(new Error('x'), VERDICT, { get: trap })],
    ['a proxy that throws when it is asked', () => new Proxy(new Error('x'), { get: trap })],
  ])('is none on %s', (_, make) => {
    expect(ownVerdict(make())).toBeUndefined();
  });

  it('is understood by other copies of the package, which look under the same key', () => {
    expect(VERDICT).toBe(Symbol.for('tta-primitives.verdict'));
  });
});

describe('the verdict on an execution that failed', () => {
  it.each(FAILURES)("is the error's own where it is %s", (outcome) => {
    expect(verdictOn(carrying(outcome), context())).toBe(outcome);
  });

  it('is a plain failure where the error says nothing', () => {
    expect(verdictOn(new Error('x'), context())).toBe('failure');
    expect(verdictOn(undefined, context())).toBe('failure');
    expect(verdictOn(carrying('success'), context())).toBe('failure');
  });

  it.each(['cancelled', 'superseded', 'timeout', 'rejected'] as const)(
    'is %s where that cancellation is the cause, also where the error carries another',
    (outcome) => {
      expect(verdictOn(new Error('x'), context(outcome))).toBe(outcome);
      expect(verdictOn(carrying(outcome === 'timeout' ? 'rejected' : 'timeout'), context(outcome))).toBe(outcome);
    },
  );

  it('asks the context about the very error', () => {
    const error = new Error('x');
    const asked: unknown[] = [];
    verdictOn(error, { ...context(), cancelledAs: (given) => void asked.push(given) });
    expect(asked).toEqual([error]);
  });
});
