import { boundedKey } from '../core/bounded-key.ts';
import { fail, type Rule, type Rules } from '../core/check.ts';
import type { ExecutionContext } from '../core/context.ts';
import type { Names } from '../core/names.ts';
import { callback, count, optional } from '../core/rules.ts';
import { SharedState } from '../core/shared-state.ts';
import { measure } from '../core/show.ts';
import { isPromise, untilCancelled } from '../core/until-cancelled.ts';
import type { WorkflowContext } from '../core/workflow-context.ts';
import { circuitsNamed } from '../telemetry/record/circuit-breaker.ts';
import { CIRCUIT_RULES, type CircuitOptions, circuitRules } from './circuit-options.ts';
import { type CircuitStore, circuitStore } from './circuit-store.ts';
import { KeyedCircuits } from './keyed-circuits.ts';
import { type Circuit, LiveCircuit } from './shared-circuit.ts';
import { StoredCircuit } from './stored-circuit.ts';

export interface CircuitKeyOptions<In = unknown> {
  /** Keeps one circuit per key, such as a host or a tenant. Keys do not appear in telemetry. @default one circuit */
  readonly key?: ((input: In, context: WorkflowContext) => string | PromiseLike<string>) | undefined;
  /** How many circuits are kept; the least recently used is removed first, even while it is open. @default 1000 */
  readonly maxKeys?: number | undefined;
  /**
   * Where the state of the circuits is kept, if several processes share them: see `redisCircuitStore`. Give a `name`: circuit
   * breakers with the same name and rules share their circuits. @default this process
   */
  readonly store?: CircuitStore | undefined;
}

export interface SharedCircuitOptions {
  /** A circuit that `circuit(...)` made, to share it or to open and close it. It has its own rules. @default one of its own */
  readonly circuit: Circuit;
}

/** The circuit of a circuit breaker: a new one, one per key, or one that `circuit(...)` made. */
export type CircuitSource<In = unknown> = (CircuitOptions & CircuitKeyOptions<In>) | SharedCircuitOptions;

const liveCircuit: Rule<Circuit> = (where, option, value) => {
  if (!(value instanceof LiveCircuit)) fail(where, option, 'must be made by circuit({ … })', value);
};

export const SOURCE_RULES: Rules<CircuitSource<never>> = {
  ...CIRCUIT_RULES,
  openMs: optional(CIRCUIT_RULES.openMs),
  circuit: optional(liveCircuit),
  key: optional(callback()),
  maxKeys: optional(count),
  store: optional(circuitStore),
};

type AnyCircuit = LiveCircuit | StoredCircuit;
type CircuitFor<In> = (input: In, context: ExecutionContext) => AnyCircuit | PromiseLike<AnyCircuit>;

/** How an execution finds its circuit. All circuits of one primitive have one label in telemetry. */
export function circuitSource<In>(where: string, source: CircuitSource<In>, names: Names): CircuitFor<In> {
  const { label, messageName } = names;
  if ('circuit' in source && source.circuit !== undefined) {
    const { circuit, ...others } = source;
    const given = Object.entries(others).filter(([, value]) => value !== undefined);
    if (given.length > 0) fail(where, 'circuit', 'has its own rules and allows no others', Object.fromEntries(given));
    const shared = circuit as LiveCircuit;
    shared.showIn(circuitsNamed(label));
    return () => shared;
  }
  const {
    key,
    maxKeys,
    store,
    circuit: _,
    ...options
  } = source as CircuitOptions & CircuitKeyOptions<In> & { circuit?: undefined };
  const rules = circuitRules(where, options);
  if (key === undefined && maxKeys !== undefined) {
    fail(where, 'maxKeys', 'is of use only together with key', maxKeys);
  }
  const group = circuitsNamed(label);
  const state = store && new SharedState(store.timeoutMs, 'circuit_breaker', names);
  const create = (circuitKey: string): AnyCircuit => {
    const live = new LiveCircuit(rules);
    if (store === undefined || state === undefined) return live;
    return new StoredCircuit(live, {
      store,
      state,
      rules,
      circuit: sharedName(messageName, options) + boundedKey(circuitKey),
    });
  };
  if (key === undefined) {
    const own = create('');
    own.showIn(group);
    return () => own;
  }
  const circuits = new KeyedCircuits(create, group, maxKeys ?? 1_000);
  const circuitOf = (given: unknown): AnyCircuit => {
    if (typeof given !== 'string') throw new TypeError(`${messageName}: key must give a text, got ${measure(given)}`);
    return circuits.get(given);
  };
  return (input, context) => {
    const given = key(input, context);
    return isPromise(given) ? untilCancelled(given, context.scope).then(circuitOf) : circuitOf(given);
  };
}

/** Circuits with the same name and rules are one, and others are others. */
function sharedName(name: string, rules: CircuitOptions): string {
  const given = Object.entries(rules).filter(([, value]) => value !== undefined);
  return `${boundedKey(`${name}:${JSON.stringify(given.sort())}`)}:`;
}
