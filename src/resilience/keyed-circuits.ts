import type { CircuitGroup } from '../telemetry/record/circuit-breaker.ts';
import type { CircuitRules } from './circuit.ts';
import { LiveCircuit } from './shared-circuit.ts';

/** One circuit per key. The least recently used is removed first. */
export class KeyedCircuits {
  readonly #rules: CircuitRules<unknown>;
  readonly #group: CircuitGroup;
  readonly #maxKeys: number;
  /** In the order of their last use. */
  readonly #circuits = new Map<string, LiveCircuit>();

  constructor(rules: CircuitRules<unknown>, group: CircuitGroup, maxKeys: number) {
    this.#rules = rules;
    this.#group = group;
    this.#maxKeys = maxKeys;
  }

  get(key: string): LiveCircuit {
    const known = this.#circuits.get(key);
    const circuit = known ?? this.#create();
    if (known !== undefined) this.#circuits.delete(key);
    this.#circuits.set(key, circuit);
    return circuit;
  }

  #create(): LiveCircuit {
    if (this.#circuits.size >= this.#maxKeys) {
      for (const [oldest, circuit] of this.#circuits) {
        circuit.hide();
        this.#circuits.delete(oldest);
        break;
      }
    }
    const circuit = new LiveCircuit(this.#rules);
    circuit.showIn(this.#group);
    return circuit;
  }
}
