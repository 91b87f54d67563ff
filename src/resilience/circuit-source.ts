import { fail, requireFunction, requireNumber } from '../core/check.ts';
import { circuitsNamed } from '../telemetry/record/circuit-breaker.ts';
import { CIRCUIT_OPTIONS, type CircuitOptions, circuitRules } from './circuit-options.ts';
import { KeyedCircuits } from './keyed-circuits.ts';
import { type Circuit, LiveCircuit } from './shared-circuit.ts';

interface KeyOptions<In> {
  /** Keeps a circuit for each of these, such as a host or a tenant. Keys stay out of telemetry. @default one circuit */
  readonly key?: ((input: In) => string) | undefined;
  /** How many circuits are kept; the one unused for longest is forgotten, even while it is open. @default 1000 */
  readonly maxKeys?: number | undefined;
}

interface SharedOptions {
  /** A circuit that `circuit(...)` made, to share it or to steer it. It has its own rules. @default one of its own */
  readonly circuit: Circuit;
}

/** A circuit of its own, one per key, or one that was made elsewhere. */
export type CircuitSource<In> = (CircuitOptions & KeyOptions<In>) | SharedOptions;

export const CIRCUIT_SOURCE: readonly string[] = [...CIRCUIT_OPTIONS, 'circuit', 'key', 'maxKeys'];

/** How an execution finds its circuit. All of them show under the name `label`. */
export function circuitSource<In>(where: string, source: CircuitSource<In>, label: string): (input: In) => LiveCircuit {
  const group = circuitsNamed(label);
  if ('circuit' in source) {
    const { circuit, ...besides } = source;
    if (!(circuit instanceof LiveCircuit)) fail(where, 'circuit', 'must be made by circuit({ … })', circuit);
    if (Object.keys(besides).length > 0) fail(where, 'circuit', 'has its own rules and admits none beside it', besides);
    circuit.showIn(group);
    return () => circuit;
  }
  const { key, maxKeys, ...options } = source;
  const rules = circuitRules(where, options);
  if (key === undefined) {
    if (maxKeys !== undefined) fail(where, 'maxKeys', 'is of use only together with key', String(maxKeys));
    const own = new LiveCircuit(rules);
    own.showIn(group);
    return () => own;
  }
  requireFunction(where, 'key', key);
  requireNumber(where, 'maxKeys', maxKeys ?? 1_000, { min: 1, integer: true });
  const circuits = new KeyedCircuits(rules, group, maxKeys ?? 1_000);
  return (input) => {
    const word = key(input);
    if (typeof word !== 'string') fail(label, 'key', 'must give a text', word);
    return circuits.get(word);
  };
}
