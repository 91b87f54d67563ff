/** Every store, for the tests that all of them pass. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createMemoryStore } from '../../../../src/tools/studio/store/memory-store.ts';
import { prepare } from '../../../../src/tools/studio/store/schema.ts';
import { createSqliteStore } from '../../../../src/tools/studio/store/sqlite-store.ts';
import type { StoreLimits, StudioStore } from '../../../../src/tools/studio/store/store.ts';
import { tempFolder } from '../../../support/temp-folder.ts';
import { DRIVERS } from './drivers.ts';

export interface Opening {
  readonly limits?: Partial<StoreLimits>;
  readonly now?: () => number;
}

export interface StoreKind {
  readonly name: string;
  open(options?: Opening): StudioStore;
}

export const NOW_MS = 1_700_000_100_000;
const LIMITS: StoreLimits = { maxBytes: 64 * 1024 * 1024, retentionDays: 7 };

const memory: StoreKind = {
  name: 'memory',
  open: ({ limits, now = () => NOW_MS } = {}) => createMemoryStore({ ...LIMITS, ...limits }, { now }),
};

const onDisk = DRIVERS.map(
  (driver): StoreKind => ({
    name: driver.name,
    open({ limits, now = () => NOW_MS } = {}) {
      const path = join(tempFolder(), 'studio.db');
      const database = driver.open(path);
      prepare(database);
      const store = createSqliteStore(database, { path, limits: { ...LIMITS, ...limits }, now });
      onTestFinished(() => store.close());
      return store;
    },
  }),
);

export const STORES: readonly StoreKind[] = [memory, ...onDisk];
