import type { CircuitGroup } from '../telemetry/record/circuit-breaker.ts';

/** A circuit as its keeper sees it. */
interface Shown {
  showIn(group: CircuitGroup): void;
  hide(): void;
}

/** One circuit per key. The least recently used is removed first. */
export class KeyedCircuits<C extends Shown> {
  readonly #make: (key: string) => C;
  readonly #group: CircuitGroup;
  readonly #maxKeys: number;
  /** In the order of their last use. */
  readonly #circuits = new Map<string, C>();

  constructor(make: (key: string) => C, group: CircuitGroup, maxKeys: number) {
    this.#make = make;
    this.#group = group;
    this.#maxKeys = maxKeys;
  }

  get(key: string): C {
    const known = this.#circuits.get(key);
    const circuit = known ?? this.#create(key);
    if (known !== undefined) this.#circuits.delete(key);
    this.#circuits.set(key, circuit);
    return circuit;
  }

  #create(key: string): C {
    if (this.#circuits.size >= this.#maxKeys) {
      for (const [oldest, circuit] of this.#circuits) {
        circuit.hide();
        this.#circuits.delete(oldest);
        break;
      }
    }
    const circuit = this.#make(key);
    circuit.showIn(this.#group);
    return circuit;
  }
}
