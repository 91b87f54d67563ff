import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from './database.ts';
import { findDriver } from './drivers.ts';
import { createMemoryStore } from './memory-store.ts';
import { DATABASE } from './state-folder.ts';
import type { StoreLimits, StudioStore } from './store.ts';

export interface StoreOptions {
  /** The folder of the database; it is created. `undefined`: in memory. */
  readonly folder?: string | undefined;
  readonly limits: StoreLimits;
}

export interface OpenedStore {
  readonly store: StudioStore;
  /** For tables of other rooms; `undefined` in memory. It is closed with the store. */
  readonly database: Database | undefined;
}

/** Opens what Studio keeps. Never throws: what cannot be opened is kept in memory, and the store's notes say why. */
export async function openStore({ folder, limits }: StoreOptions): Promise<OpenedStore> {
  const driver = folder === undefined ? undefined : await findDriver();
  if (folder === undefined || driver === undefined) return { store: createMemoryStore(limits), database: undefined };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const database = driver.open(join(folder, DATABASE));
  return { store: createMemoryStore(limits), database };
}
