import { addTo } from '../../ledger/money.ts';
import type { Observation } from '../observation.ts';
import { ATTR, EVENT, INSTRUMENT } from '../semconv.ts';
import { SeriesTable } from '../series-table.ts';
import { errorAttributes } from './error.ts';

export type { Observation } from '../observation.ts';

const cacheHits = new SeriesTable(INSTRUMENT.cacheHits, 'counter', { unit: '{lookup}' }, [
  ATTR.primitiveName,
  ATTR.cacheType,
]);
const cacheMisses = new SeriesTable(INSTRUMENT.cacheMisses, 'counter', { unit: '{lookup}' }, [
  ATTR.primitiveName,
  ATTR.cacheType,
]);
const cacheSaved = new SeriesTable(INSTRUMENT.cacheSavedCost, 'counter', { unit: '{USD}' }, [ATTR.primitiveName]);
const cacheStoreErrors = new SeriesTable(INSTRUMENT.cacheStoreErrors, 'counter', { unit: '{operation}' }, [
  ATTR.primitiveName,
  ATTR.cacheType,
  ATTR.cacheOperation,
  ATTR.cacheReason,
]);

export type CacheRecorder = ReturnType<typeof cacheRecorder>;

/** Records the lookups of one cache. */
export function cacheRecorder(name: string, type: string) {
  const hits = cacheHits.series(name, type);
  const misses = cacheMisses.series(name, type);
  const saved = cacheSaved.series(name);
  return {
    /** The cache answered. */
    hit(observation: Observation): void {
      hits.value += 1;
      mark(observation, 'hit');
    },
    /** The cache answered, with a value that is to be replaced. */
    hitStale(observation: Observation): void {
      hits.value += 1;
      mark(observation, 'stale');
    },
    /** The answer made model calls unnecessary that would have cost this much. */
    saved({ span }: Observation, dollars: number): void {
      if (!(dollars > 0)) return;
      addTo(saved, dollars);
      if (span?.isRecording()) span.setAttribute(ATTR.cacheSaved, dollars);
    },
    /** The primitive runs. */
    missed(observation: Observation): void {
      misses.value += 1;
      mark(observation, 'miss');
    },
  };
}

/** The execution may have ended while the store was asked: then its span must not be changed. */
function mark({ span }: Observation, result: 'hit' | 'stale' | 'miss'): void {
  if (span?.isRecording()) span.setAttribute(ATTR.cacheResult, result);
}

/** The possible errors of each operation. `skipped`: not tried, because the store had failed too often. */
const STORE_ERRORS = {
  get: ['timeout', 'failed', 'corrupt', 'skipped'],
  set: ['timeout', 'failed', 'skipped'],
  delete: ['timeout', 'failed', 'skipped'],
} as const;
export type StoreOperation = keyof typeof STORE_ERRORS;
export type StoreErrorReason = (typeof STORE_ERRORS)[StoreOperation][number];
export type StoreRecorder = ReturnType<typeof storeRecorder>;

/** Records the failed operations of the store of one cache. */
export function storeRecorder(name: string, type: string) {
  const series = new Map(
    Object.entries(STORE_ERRORS).flatMap(([operation, reasons]) =>
      reasons.map((reason) => [`${operation} ${reason}`, cacheStoreErrors.series(name, type, operation, reason)]),
    ),
  );
  return {
    failed(
      { span }: Observation,
      operation: StoreOperation,
      reason: StoreErrorReason,
      failure?: { readonly error: unknown },
    ): void {
      const count = series.get(`${operation} ${reason}`);
      if (count !== undefined) count.value += 1;
      if (!span?.isRecording()) return;
      span.addEvent(EVENT.cacheStoreError, {
        [ATTR.cacheOperation]: operation,
        [ATTR.cacheReason]: reason,
        ...(failure === undefined ? {} : errorAttributes(failure.error)),
      });
    },
  };
}
