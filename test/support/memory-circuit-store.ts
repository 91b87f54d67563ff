import type { CircuitAnswer, CircuitRequest, CircuitStore } from '../../src/index.ts';
import { admit, type CircuitRules, type CircuitValue, closedCircuit, settle } from '../../src/resilience/circuit.ts';
import { consecutiveRule } from '../../src/resilience/trip-rule.ts';

const RESULTS = { succeeded: 'success', failed: 'failure', unknown: 'unknown' } as const;

/** A circuit that several breakers share, by the rules of a circuit of one process. */
export function memoryCircuitStore(clock: { now(): number }, { hears = false } = {}) {
  const asked: CircuitRequest[] = [];
  let value: CircuitValue<number> = closedCircuit({ trip: consecutiveRule(1) } as CircuitRules<number>);
  const store: CircuitStore = {
    async step(request): Promise<CircuitAnswer> {
      asked.push(request);
      const rules = { ...request, trip: consecutiveRule(1) };
      const now = clock.now();
      let admitted = false;
      if (request.step === 'open') {
        const isKnown = request.epoch === 0 || value.epoch === request.epoch;
        if (value.state === 'closed' && isKnown) value = settle(rules, value, value.epoch, 'failure', now);
      } else if (request.step === 'admit') {
        const next = admit(rules, value, now);
        admitted = next !== undefined;
        value = next ?? value;
      } else if (request.step !== 'look' && value.state === 'half_open') {
        value = settle(rules, value, request.epoch, RESULTS[request.step], now);
      }
      const at = value.state === 'open' ? value.until : value.state === 'half_open' ? value.renewAt : now;
      return {
        state: value.state as CircuitAnswer['state'],
        epoch: value.epoch,
        leftMs: Math.max(0, at - now),
        openings: 'openings' in value ? value.openings : 0,
        admitted,
      };
    },
    lookMs: hears ? 1e9 : 1_000,
    version: () => (hears ? value.epoch : 0),
  };
  return { store, asked };
}
