import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  admit,
  type CircuitResult,
  type CircuitRules,
  type CircuitValue,
  closedCircuit,
  isolatedCircuit,
  refusal,
  settle,
} from '../../src/resilience/circuit.ts';
import { consecutiveRule, samplingRule } from '../../src/resilience/trip-rule.ts';

const rules = (more: Partial<CircuitRules<number>> = {}): CircuitRules<number> => ({
  trip: consecutiveRule(3),
  openMs: 100,
  openFactor: 2,
  maxOpenMs: 100,
  halfOpenProbes: 1,
  ...more,
});

/** Lets one call in that comes back at once. */
function call<T>(by: CircuitRules<T>, circuit: CircuitValue<T>, result: CircuitResult, now: number): CircuitValue<T> {
  const admitted = admit(by, circuit, now);
  return admitted === undefined ? circuit : settle(by, admitted, admitted.epoch, result, now);
}

function openedAt<T>(by: CircuitRules<T>, now: number): CircuitValue<T> {
  let circuit = closedCircuit(by);
  while (circuit.state === 'closed') circuit = call(by, circuit, 'failure', now);
  return circuit;
}

describe('the circuit as a value', () => {
  it('opens with the last of so many failures in a row, and a success in between starts the count again', () => {
    const by = rules();
    let circuit = closedCircuit(by);
    for (const result of ['failure', 'failure', 'success', 'failure', 'failure'] as const) {
      circuit = call(by, circuit, result, 0);
      expect(circuit.state).toBe('closed');
    }
    expect(call(by, circuit, 'failure', 7)).toMatchObject({ state: 'open', until: 107 });
  });

  it('lets nothing in before its time is over, then one probe, and not a second beside it', () => {
    const by = rules();
    const open = openedAt(by, 0);
    expect(admit(by, open, 99)).toBeUndefined();
    const halfOpen = admit(by, open, 100);
    expect(halfOpen).toMatchObject({ state: 'half_open', running: 1 });
    expect(admit(by, halfOpen as CircuitValue<number>, 100)).toBeUndefined();
  });

  it('closes when all its probes have succeeded, and never has more of them under way than are missing', () => {
    const by = rules({ halfOpenProbes: 2 });
    let circuit = admit(by, openedAt(by, 0), 100) as CircuitValue<number>;
    circuit = admit(by, circuit, 100) as CircuitValue<number>;
    expect(admit(by, circuit, 100)).toBeUndefined();
    const { epoch } = circuit;
    circuit = settle(by, circuit, epoch, 'success', 110);
    expect(circuit.state).toBe('half_open');
    expect(admit(by, circuit, 110)).toBeUndefined();
    expect(settle(by, circuit, epoch, 'success', 120)).toEqual(closedCircuit(by, epoch + 1));
  });

  it('stays open longer with every probe that fails, up to its longest, and briefly again once it has recovered', () => {
    const by = rules({ openMs: 100, openFactor: 3, maxOpenMs: 500 });
    let circuit = openedAt(by, 0);
    const lengths: number[] = [];
    let now = 0;
    for (let i = 0; i < 4; i += 1) {
      const until = refusal(circuit).until as number;
      lengths.push(until - now);
      now = until;
      circuit = call(by, circuit, 'failure', now);
    }
    expect(lengths).toEqual([100, 300, 500, 500]);
    now = refusal(circuit).until as number;
    circuit = call(by, circuit, 'success', now);
    for (let i = 0; i < 3; i += 1) circuit = call(by, circuit, 'failure', now);
    expect(refusal(circuit).until).toBe(now + 100);
  });

  it('is not locked by a probe that was aborted, nor by one that never comes back', () => {
    const by = rules();
    const probing = admit(by, openedAt(by, 0), 100) as CircuitValue<number>;
    const freed = settle(by, probing, probing.epoch, 'unknown', 110);
    expect(admit(by, freed, 110)).toMatchObject({ state: 'half_open', running: 1 });
    expect(refusal(probing)).toEqual({ state: 'half_open', until: 200 });
    expect(admit(by, probing, 199)).toBeUndefined();
    expect(admit(by, probing, 200)).toMatchObject({ state: 'half_open', running: 2 });
  });

  it('is neither closed nor kept open by calls that come back from before it opened', () => {
    const by = rules();
    const before = closedCircuit(by);
    const open = openedAt(by, 0);
    expect(settle(by, open, before.epoch, 'success', 10)).toBe(open);
    expect(settle(by, open, before.epoch, 'failure', 10)).toBe(open);
    const probing = admit(by, open, 100) as CircuitValue<number>;
    expect(settle(by, probing, before.epoch, 'success', 110)).toBe(probing);
    expect(settle(by, probing, before.epoch, 'failure', 110)).toBe(probing);
  });

  it('that is isolated lets nothing in, however late', () => {
    const by = rules();
    const isolated = isolatedCircuit(closedCircuit(by));
    expect(admit(by, isolated, Number.MAX_SAFE_INTEGER)).toBeUndefined();
    expect(refusal(isolated)).toEqual({ state: 'isolated', until: undefined });
  });
});

describe('the sampling rule', () => {
  const rule = samplingRule({ failureRatio: 0.5, windowMs: 1_000, minimumThroughput: 4 });

  it('opens at the ratio, but not below the minimum throughput', () => {
    let tally = rule.failure(rule.failure(rule.failure(rule.empty, 0), 0), 0);
    expect(rule.trips(tally, 0)).toBe(false);
    tally = rule.failure(tally, 0);
    expect(rule.trips(tally, 0)).toBe(true);
    tally = rule.success(rule.success(rule.success(rule.success(tally, 0), 0), 0), 0);
    expect(rule.trips(tally, 0)).toBe(true);
    expect(rule.trips(rule.success(tally, 0), 0)).toBe(false);
  });

  it('forgets what is older than its window', () => {
    let tally = rule.empty;
    for (let i = 0; i < 10; i += 1) tally = rule.failure(tally, 50);
    expect(rule.trips(tally, 999)).toBe(true);
    expect(rule.trips(tally, 1_000)).toBe(false);
  });

  it('decides as one would who kept every result, in bounded memory', () => {
    const step = fc.record({ ms: fc.integer({ min: 0, max: 400 }), failed: fc.boolean() });
    const property = fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const all: { readonly slot: number; readonly failed: boolean }[] = [];
      let tally = rule.empty;
      let now = 0;
      for (const { ms, failed } of steps) {
        now += ms;
        tally = failed ? rule.failure(tally, now) : rule.success(tally, now);
        const slot = Math.floor(now / 100);
        all.push({ slot, failed });
        const recent = all.filter((result) => result.slot > slot - 10);
        const failures = recent.filter((result) => result.failed).length;
        expect(rule.trips(tally, now)).toBe(recent.length >= 4 && failures >= recent.length / 2);
        expect(tally.length).toBeLessThanOrEqual(10);
      }
    });
    fc.assert(property, { numRuns: 300 });
  });
});

type Step =
  | { readonly do: 'call' }
  | { readonly do: 'settle'; readonly which: number; readonly result: CircuitResult }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'isolate' | 'reset' };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Step>({ do: 'call' }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      which: fc.nat(20),
      result: fc.constantFrom<CircuitResult>('success', 'failure', 'failure', 'unknown'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(150) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('isolate' as const, 'reset' as const) }) },
);

describe('whatever happens to a circuit', () => {
  const anyRules = fc.record({
    trip: fc.integer({ min: 1, max: 4 }).map(consecutiveRule),
    openMs: fc.integer({ min: 1, max: 100 }),
    openFactor: fc.constantFrom(1, 2),
    maxOpenMs: fc.integer({ min: 100, max: 300 }),
    halfOpenProbes: fc.integer({ min: 1, max: 3 }),
  });

  it('its probes are bounded, its past has no say, and only isolation locks it', () => {
    const property = fc.property(anyRules, fc.array(anyStep, { maxLength: 120 }), (by, steps) => {
      let circuit = closedCircuit(by);
      let now = 0;
      let running: number[] = [];
      let halfOpenSince = 0;
      for (const step of steps) {
        const before = circuit;
        if (step.do === 'wait') now += step.ms;
        if (step.do === 'isolate') circuit = isolatedCircuit(circuit);
        if (step.do === 'reset') circuit = closedCircuit(by, circuit.epoch + 1);
        if (step.do === 'call') {
          const admitted = admit(by, circuit, now);
          const { until } = refusal(circuit);
          if (circuit.state === 'open') expect(admitted === undefined).toBe(now < (until as number));
          if (circuit.state === 'closed') expect(admitted).toBe(circuit);
          if (circuit.state === 'isolated') expect(admitted).toBeUndefined();
          if (admitted !== undefined) running.push(admitted.epoch);
          circuit = admitted ?? circuit;
          if (before.state !== 'half_open') halfOpenSince = now;
        }
        const at = step.do === 'settle' ? step.which % Math.max(1, running.length) : 0;
        const epoch = running[at];
        if (step.do === 'settle' && epoch !== undefined) {
          running = running.filter((_, i) => i !== at);
          circuit = settle(by, circuit, epoch, step.result, now);
          if (epoch !== before.epoch) expect(circuit).toBe(before);
        }
        if (circuit.state !== before.state) expect(circuit.epoch).toBe(before.epoch + 1);
        if (circuit.state === 'half_open') {
          const probes = running.filter((each) => each === circuit.epoch).length;
          expect(probes).toBe(circuit.running);
          expect(probes).toBeLessThanOrEqual(by.halfOpenProbes + Math.floor((now - halfOpenSince) / by.openMs));
        }
        if (circuit.state === 'isolated') continue;
        const later = Math.max(now, refusal(circuit).until ?? now);
        expect(later - now).toBeLessThanOrEqual(by.maxOpenMs);
        expect(admit(by, circuit, later)).toBeDefined();
      }
    });
    fc.assert(property, { numRuns: 500 });
  });
});
