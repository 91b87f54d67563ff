import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../../../src/tools/studio/store/database.ts';
import { findDriver } from '../../../../src/tools/studio/store/drivers.ts';
import { createLastingStore } from '../../../../src/tools/studio/store/lasting-store.ts';
import { openStore } from '../../../../src/tools/studio/store/open-store.ts';
import { prepare } from '../../../../src/tools/studio/store/schema.ts';
import { createSqliteStore } from '../../../../src/tools/studio/store/sqlite-store.ts';
import type { StudioStore } from '../../../../src/tools/studio/store/store.ts';
import { tempFolder } from '../../../support/temp-folder.ts';
import { modelCall, root, traceIdOf } from './spans.ts';
import { NOW_MS } from './stores.ts';

const LIMITS = { maxBytes: 64 * 1024 * 1024, retentionDays: 7 };
const now = () => NOW_MS;

/** Not closed by the test: at its end. */
async function opened(folder: string, limits = LIMITS): Promise<StudioStore> {
  const { store } = await openStore({ folder, limits, now });
  onTestFinished(() => store.close());
  return store;
}

const notes = (store: StudioStore) => store.state().notes.join('\n');
const traces = (store: StudioStore) => store.runs({ limit: 100 }).runs.map(({ traceId }) => traceId);
const filled = async (folder: string, runs = 20) => {
  const { store } = await openStore({ folder, limits: LIMITS, now });
  for (let at = 0; at < runs; at++) store.add([root(`run ${at}`), modelCall(`run ${at}`)], NOW_MS);
  store.close();
  return join(folder, 'studio.db');
};

describe('a store on disk', () => {
  it('has after a restart what it had, and goes on from there', async () => {
    const folder = join(tempFolder(), 'deep', 'er');
    await filled(folder, 3);
    const store = await opened(folder);
    expect(traces(store)).toEqual(['run 2', 'run 1', 'run 0'].map(traceIdOf));
    expect(store.spans(traceIdOf('run 1'), 0, 9).spans).toEqual([root('run 1'), modelCall('run 1')]);
    expect(store.state()).toMatchObject({ kind: 'disk', path: join(folder, 'studio.db'), runs: 3, notes: [] });
    const change = store.change();
    expect(store.add([root('run 1')], NOW_MS)).toEqual([]);
    store.add([root('new'), modelCall('run 1', { id: 'more' })], NOW_MS);
    expect(traces(store)[0]).toBe(traceIdOf('new'));
    expect(store.run(traceIdOf('run 1'))?.change).toBeGreaterThan(change);
  });

  it('is for its owner only', async () => {
    const folder = join(tempFolder(), 'state');
    mkdirSync(folder, { mode: 0o755 });
    const store = await opened(folder);
    store.add([root('a')], NOW_MS);
    const modes = ['', ...readdirSync(folder)].map((name) => [name, statSync(join(folder, name)).mode & 0o777]);
    expect(modes[0]).toEqual(['', 0o700]);
    expect(modes.slice(1).map(([, mode]) => mode)).toEqual(modes.slice(1).map(() => 0o600));
    expect(modes.length).toBeGreaterThan(3);
  });

  it('has one owner: a second Studio says which process that is, and keeps its own in memory', async () => {
    const folder = tempFolder();
    const { store: first } = await openStore({ folder, limits: LIMITS, now });
    const second = await opened(folder);
    expect(second.state().kind).toBe('memory');
    expect(notes(second)).toMatch(new RegExp(`Process ${process.pid} .*studio\\.db.*in memory.*XDG_STATE_HOME`));
    first.add([root('a')], NOW_MS);
    second.add([root('b')], NOW_MS);
    expect([traces(first), traces(second)]).toEqual([[traceIdOf('a')], [traceIdOf('b')]]);
    first.close();
    const third = await opened(folder);
    expect([third.state().kind, traces(third)]).toEqual(['disk', [traceIdOf('a')]]);
  });

  it('can be read by another program while it is written', async () => {
    const folder = tempFolder();
    const store = await opened(folder);
    const other = driver?.open(join(folder, 'studio.db'));
    onTestFinished(() => other?.close());
    const count = () => other?.prepare('select count(*) as runs from run').all()[0]?.runs;
    for (let at = 1; at <= 5; at++) {
      store.add([root(`run ${at}`)], NOW_MS);
      expect(count()).toBe(at);
    }
  });

  it('goes on in memory while another program has it locked, and writes that down afterwards', async () => {
    const folder = tempFolder();
    const store = await opened(folder);
    store.add([modelCall('a')], NOW_MS);
    const other = driver?.open(join(folder, 'studio.db'));
    other?.exec('begin immediate');
    store.add([root('a'), root('b')], NOW_MS);
    expect(notes(store)).toMatch(/Another program has locked .*studio\.db: new runs are kept in memory until it ends/);
    expect(traces(store)).toEqual(['b', 'a'].map(traceIdOf));
    expect(store.run(traceIdOf('a'))).toMatchObject({ spans: 2, status: 'success' });
    other?.exec('rollback');
    other?.close();
    store.tidy(NOW_MS);
    expect(notes(store)).toBe('');
    expect(store.spans(traceIdOf('a'), 0, 9)).toEqual({ spans: [modelCall('a'), root('a')], last: 2 });
  });

  it('has a smallest limit that holds', async () => {
    const maxBytes = 1_000_000;
    const store = await opened(tempFolder(), { ...LIMITS, maxBytes });
    for (let at = 0; at < 50; at++) {
      store.add(
        Array.from({ length: 50 }, (_, index) => root(`run ${at} ${index}`)),
        NOW_MS,
      );
      expect(store.state().bytes).toBeLessThanOrEqual(maxBytes);
    }
    store.tidy(NOW_MS);
    expect(store.state().runs).toBeGreaterThan(50);
    expect(traces(store)[0]).toBe(traceIdOf('run 49 49'));
  });

  it('gives the space back in a few steps when its limit is smaller than before', async () => {
    const folder = tempFolder();
    const { store: large } = await openStore({ folder, limits: LIMITS, now });
    for (let at = 0; at < 30; at++) {
      large.add([root(`run ${at}`, { attributes: { text: randomBytes(500_000).toString('hex') } })], NOW_MS);
    }
    large.close();
    const maxBytes = 4_000_000;
    const store = await opened(folder, { ...LIMITS, maxBytes });
    for (let step = 0; step < 3; step++) store.tidy(NOW_MS);
    expect(store.state().bytes).toBeLessThanOrEqual(maxBytes);
    expect(traces(store)[0]).toBe(traceIdOf('run 29'));
  });

  it('refuses limits that leave no room', async () => {
    for (const limits of [{ maxBytes: 0 }, { maxBytes: Number.NaN }, { retentionDays: 0 }, { retentionDays: -1 }]) {
      await expect(openStore({ limits: { ...LIMITS, ...limits } })).rejects.toThrow(RangeError);
    }
  });
});

describe('a file that cannot be read', () => {
  const damages: readonly (readonly [string, (path: string) => void])[] = [
    ['is no database', (path) => writeFileSync(path, 'hello '.repeat(1_000))],
    [
      'has no header',
      (path) => writeFileSync(path, Buffer.concat([Buffer.alloc(4_096), readFileSync(path).subarray(4_096)])),
    ],
    ['is cut in half', (path) => truncateSync(path, Math.floor(statSync(path).size / 2 / 4_096) * 4_096)],
    [
      'has pages of noise',
      (path) =>
        writeFileSync(
          path,
          readFileSync(path).map((byte, at) => (at > 8_192 ? (byte * 31 + at) & 255 : byte)),
        ),
    ],
    [
      'was written by another program',
      (path) => {
        rmSync(path);
        writeOther(path);
      },
    ],
  ];
  const writeOther = (path: string) => {
    driver?.open(path).exec('create table theirs(x)');
  };
  it.each(damages)('%s: it is set aside, and a new one begun', async (_, damage) => {
    const folder = tempFolder();
    const path = await filled(folder);
    damage(path);
    const store = await opened(folder);
    expect(store.state()).toMatchObject({ kind: 'disk', runs: 0 });
    const aside = readdirSync(folder).filter((name) => /^studio\.db\.aside-\w+$/.test(name));
    expect(aside).toHaveLength(1);
    expect(notes(store)).toContain(`renamed to ${join(folder, String(aside[0]))}`);
    store.add([root('a')], NOW_MS);
    expect(traces(store)).toEqual([traceIdOf('a')]);
  });

  it('was written by a newer Studio: it is not touched', async () => {
    const folder = tempFolder();
    const path = await filled(folder);
    driver?.open(path).exec('pragma user_version = 99');
    const store = await opened(folder);
    expect(store.state().kind).toBe('memory');
    expect(notes(store)).toMatch(/newer version .* schema 99.* Update tta-primitives/);
    expect(readdirSync(folder).filter((name) => name.includes('aside'))).toEqual([]);
  });

  it('was written by an older Studio: it is set aside', async () => {
    const folder = tempFolder();
    const path = await filled(folder);
    driver?.open(path).exec('pragma user_version = 0');
    expect(notes(await opened(folder))).toMatch(/older version .* renamed to/);
  });

  it('is a folder, or stands in the place of the folder: what is new is in memory', async () => {
    const folder = tempFolder({ file: '' });
    mkdirSync(join(folder, 'studio.db'));
    for (const each of [folder, join(folder, 'file'), '/proc/nowhere', '/dev/null/x']) {
      const store = await opened(each);
      expect(store.state().kind, each).toBe('memory');
      expect(notes(store), each).toMatch(/in memory only: .*studio\.db cannot be used \(.+\)/);
      store.add([root('a')], NOW_MS);
      expect(traces(store)).toEqual([traceIdOf('a')]);
    }
  });

  it('is found damaged while it is in use: what is new is in memory, and the next start sets it aside', async () => {
    const folder = tempFolder();
    const path = await filled(folder, 200);
    const database = driver?.open(path) as Database;
    prepare(database);
    const disk = createSqliteStore(database, { path, limits: LIMITS, now });
    // All but the names of the tables.
    writeFileSync(path, readFileSync(path).fill(0x5a, 8_192));
    const store = createLastingStore({ disk, path, limits: LIMITS, now, notes: [] });
    for (let at = 0; at < 3; at++) {
      store.add([root(`later ${at}`)], NOW_MS);
      expect(traces(store)).toContain(traceIdOf(`later ${at}`));
      store.facets();
      store.state();
      store.tidy(NOW_MS);
    }
    expect(notes(store)).toMatch(/is damaged \(.+\): new runs are kept in memory\. Start Studio again/);
    store.close();
    const next = await opened(folder);
    expect(next.state().kind).toBe('disk');
    expect(notes(next)).toMatch(/was damaged when Studio last used it: it was renamed/);
    expect(existsSync(`${path}.damaged`)).toBe(false);
  });

  it.each(['hello '.repeat(2_000), '\0'.repeat(8_192)])('is the lock: another one is made', async (text) => {
    const folder = tempFolder();
    await filled(folder, 2);
    writeFileSync(join(folder, 'studio.lock'), text);
    const store = await opened(folder);
    expect(store.state()).toMatchObject({ kind: 'disk', notes: [], runs: 2 });
    expect(notes(await opened(folder))).toMatch(/^Process \d+ is another Studio/);
  });

  it('was deleted while it was open: the notes say so', async () => {
    const folder = tempFolder();
    const store = await opened(folder);
    store.add([root('a')], NOW_MS);
    rmSync(join(folder, 'studio.db'));
    store.tidy(NOW_MS);
    expect(notes(store)).toMatch(/was deleted while Studio had it open.* Start Studio again/);
    store.add([root('b')], NOW_MS);
    expect(traces(store)).toHaveLength(2);
  });
});

const driver = await findDriver();
