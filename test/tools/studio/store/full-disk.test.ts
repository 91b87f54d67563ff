import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { forget } from '../../../../src/tools/studio/store/forget.ts';
import { openStore } from '../../../../src/tools/studio/store/open-store.ts';
import { endChildren, runModule } from '../../../support/child.ts';
import { canMount, smallDisk } from './small-disk.ts';
import { modelCall, root, traceIdOf } from './spans.ts';
import { NOW_MS } from './stores.ts';

const BUILT = pathToFileURL(resolve(import.meta.dirname, '../../../../dist/src/tools/studio/store/open-store.js')).href;
const MB = 1024 * 1024;
const limits = { maxBytes: 64 * MB, retentionDays: 7 };
const now = () => NOW_MS;
const noise = (bytes: number) => randomBytes(bytes / 2).toString('hex');

afterEach(endChildren);

/** Fills the disk up to its last byte. */
function fill(folder: string): () => void {
  const path = join(folder, 'filler');
  const free = () => Number(statfsSync(folder).bavail * statfsSync(folder).bsize);
  writeFileSync(path, Buffer.alloc(free()));
  return () => rmSync(path);
}

describe.runIf(canMount())('a full disk', () => {
  it('moves what is new into memory, and back to the disk when there is space again', async () => {
    const folder = smallDisk(16);
    const { store } = await openStore({ folder, limits, now });
    store.add([modelCall('before'), root('other')], NOW_MS);
    const free = fill(folder);
    const changes: number[] = [];
    for (let at = 0; at < 100; at++) {
      store.add([root(`run ${at}`, { attributes: { text: noise(60_000) } })], NOW_MS);
      changes.push(store.change());
      store.tidy(NOW_MS);
    }
    store.add([root('before')], NOW_MS);
    store.add([modelCall('before')], NOW_MS);
    expect(store.state().notes.join()).toMatch(/^The disk of .*studio\.db is full: .*in memory.*Free some space/);
    const list = () => store.runs({ limit: 1_000 }).runs.map(({ traceId }) => traceId);
    const all = [...Array.from({ length: 100 }, (_, at) => `run ${99 - at}`), 'other', 'before'].map(traceIdOf);
    expect(list()).toEqual(all);
    expect(changes).toEqual(changes.toSorted((one, other) => one - other));
    // A run that is on the disk in part is read as one.
    expect(store.run(traceIdOf('before'))).toMatchObject({ spans: 2, status: 'success' });
    expect(store.spans(traceIdOf('before'), 0, 9)).toEqual({ spans: [modelCall('before'), root('before')], last: 2 });
    expect(store.spans(traceIdOf('before'), 1, 9).spans).toEqual([root('before')]);
    expect(store.reference(traceIdOf('other'))?.traceId).toBe(traceIdOf('run 99'));

    free();
    const before = store.change();
    store.tidy(NOW_MS);
    expect(store.state()).toMatchObject({ kind: 'disk', notes: [], runs: 102 });
    expect(store.change()).toBeGreaterThan(before);
    store.close();
    const again = await openStore({ folder, limits, now });
    onTestFinished(() => again.store.close());
    expect(again.store.runs({ limit: 1_000 }).runs.map(({ traceId }) => traceId)).toEqual(all);
    expect(again.store.run(traceIdOf('before'))).toMatchObject({ spans: 2, status: 'success' });
  });

  it('gives the pages of lists in the right order while runs are in both places', async () => {
    const folder = smallDisk(8);
    const { store } = await openStore({ folder, limits, now });
    onTestFinished(() => store.close());
    const durationNs = (at: number) => ((at * 7919) % 100) * 1e6;
    for (let at = 0; at < 20; at++) store.add([root(`run ${at}`, { durationNs: durationNs(at) })], NOW_MS);
    fill(folder);
    const text = noise(8 * MB);
    store.add([root('too large', { attributes: { text } })], NOW_MS);
    for (let at = 10; at < 30; at++) store.add([root(`run ${at}`, { id: 'more', durationNs: durationNs(at) })], NOW_MS);
    for (const sort of ['newest', 'duration'] as const) {
      const whole = store.runs({ limit: 1_000, sort }).runs;
      const paged = [];
      for (let after: string | null = ''; after !== null; ) {
        const page = store.runs({ limit: 3, sort, after });
        paged.push(...page.runs);
        after = page.next;
      }
      expect(paged).toEqual(whole);
      const values = whole.map((row) => (sort === 'newest' ? row.arrival : row.durationUs));
      expect(values).toEqual(values.toSorted((one, other) => other - one));
      expect(whole).toHaveLength(31);
    }
  });

  it('at the start shows what was kept, takes what is new into memory, and writes that when there is space again', async () => {
    const folder = smallDisk(4);
    // Not in this process, which would have the index of its log still.
    await runModule(`
      import { openStore } from '${BUILT}';
      const { store } = await openStore(${JSON.stringify({ folder, limits })});
      store.add([${JSON.stringify(root('kept'))}], ${NOW_MS});
      store.close();
    `).exited;
    expect(readdirSync(folder).sort()).toEqual(['studio.db', 'studio.lock']);
    const free = fill(folder);
    const { store } = await openStore({ folder, limits, now });
    expect(store.state()).toMatchObject({ kind: 'disk', notes: [expect.stringMatching(/^The disk of .* is full: /)] });
    store.add([root('new')], NOW_MS);
    const list = () => store.runs({ limit: 9 }).runs.map(({ traceId }) => traceId);
    expect(list()).toEqual(['new', 'kept'].map(traceIdOf));
    expect(store.spans(traceIdOf('kept'), 0, 9).spans).toEqual([root('kept')]);
    store.tidy(NOW_MS);
    expect(store.state().notes).toHaveLength(1);
    const second = await openStore({ folder, limits, now });
    expect(second.store.state().notes.join()).toMatch(/(?:Another Studio|Process \d+ .*) keeps its runs in /);

    free();
    store.tidy(NOW_MS);
    expect(store.state()).toMatchObject({ runs: 2, notes: [] });
    // Nothing is in memory any more.
    expect(list()).toEqual(['new', 'kept'].map(traceIdOf));
    store.close();
  });

  it('can be freed of what Studio keeps', async () => {
    const folder = join(smallDisk(4), 'state');
    const { store } = await openStore({ folder, limits, now });
    store.add([root('a')], NOW_MS);
    fill(join(folder, '..'));
    await expect(forget(folder)).rejects.toThrow(/the Studio of process \d+ has .* open/);
    store.close();
    expect(await forget(folder)).toBeGreaterThan(1);
    expect(existsSync(folder)).toBe(false);
  });

  it('at the first start: everything is in memory', async () => {
    const folder = smallDisk(1);
    fill(folder);
    const { store } = await openStore({ folder: join(folder, 'state'), limits, now });
    expect(store.state()).toMatchObject({ kind: 'memory' });
    expect(store.state().notes.join()).toMatch(/the disk is full/);
    store.add([root('a')], NOW_MS);
    expect(store.run(traceIdOf('a'))).toBeDefined();
  });
});
