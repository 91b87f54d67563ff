/**
 * What a process has once, although it may load this package several times: in several bundles, in two versions, or in a
 * bundle and from `node_modules`. The copies share it on `globalThis`, and so their counts add up.
 */

import { readProperty } from './read-property.ts';

/** Raise it when the shape of anything that copies share changes: copies of different generations share nothing. */
const GENERATION = 2;

const shared = globalThis as unknown as Record<symbol, unknown>;
const keyOf = (name: string) => Symbol.for(`tta-primitives/${GENERATION}/${name}`);

/** The object with this name that all copies in the process share. The first copy that asks makes it. */
export function processWide<T extends object>(name: string, make: () => T): T {
  const key = keyOf(name);
  shared[key] ??= make();
  return shared[key] as T;
}

/**
 * Makes `instanceof` true also for what another copy's class of that name made. Such an object is used by its methods:
 * the private fields of another copy cannot be read.
 *
 * @param classes by name: a bundle may have shortened the names that the classes have themselves
 */
export function acrossCopies(classes: Readonly<Record<string, abstract new (...args: never) => object>>): void {
  for (const [name, made] of Object.entries(classes)) {
    const brand = keyOf(name);
    Object.defineProperty(made.prototype, brand, { value: true });
    Object.defineProperty(made, Symbol.hasInstance, {
      value(this: unknown, value: unknown): boolean {
        // A subclass inherits this function, and asks for its own instances.
        if (this !== made) return Function.prototype[Symbol.hasInstance].call(this, value);
        return readProperty(value, brand) === true;
      },
    });
  }
}

const GENERATIONS = Symbol.for('tta-primitives/generations');

/** The other generations that are loaded in this process. Says that this one is loaded too. */
export function otherGenerations(): readonly number[] {
  shared[GENERATIONS] ??= new Set<number>();
  const loaded = shared[GENERATIONS] as Set<number>;
  loaded.add(GENERATION);
  return [...loaded].filter((generation) => generation !== GENERATION);
}
