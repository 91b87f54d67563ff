import { CounterTable } from '../instruments.ts';
import type { Observation } from '../observe.ts';
import { ATTR, INSTRUMENT } from '../semconv.ts';

const cacheHits = new CounterTable(
  INSTRUMENT.cacheHits,
  'counter',
  { description: 'Cache lookups answered from the cache', unit: '{lookup}' },
  [ATTR.primitiveName, ATTR.cacheType],
);
const cacheMisses = new CounterTable(
  INSTRUMENT.cacheMisses,
  'counter',
  { description: 'Cache lookups that ran the wrapped primitive', unit: '{lookup}' },
  [ATTR.primitiveName, ATTR.cacheType],
);

/** Tells the lookups of one cache. */
export function cacheLookups(name: string, type: string) {
  const hits = cacheHits.series(name, type);
  const misses = cacheMisses.series(name, type);
  return {
    hit(observation: Observation): void {
      hits.value += 1;
      observation.span?.setAttribute(ATTR.cacheResult, 'hit');
    },
    miss(observation: Observation): void {
      misses.value += 1;
      observation.span?.setAttribute(ATTR.cacheResult, 'miss');
    },
  };
}
