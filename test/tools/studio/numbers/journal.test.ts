import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSamples } from '../../../../src/tools/studio/numbers/samples.ts';
import type { Database } from '../../../../src/tools/studio/store/database.ts';
import { DRIVERS } from '../store/drivers.ts';
import { program, START } from './exposition.ts';

const runs = 'tta_workflow_executions_total{workflow_name="a",status="success"}';
const circuit = 'tta_circuit_breaker_state{primitive_name="c"}';
const bucket = (bound: string) => `tta_workflow_duration_seconds_bucket{workflow_name="a",le="${bound}"}`;
const started = { process_start_time_seconds: START / 1_000 };

describe.each(DRIVERS)('numbers in a database of $name', (driver) => {
  let folder = '';
  let database: Database;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tta-numbers-'));
    database = driver.open(join(folder, 'studio.db'));
  });
  afterEach(async () => {
    database.close();
    await rm(folder, { recursive: true, force: true });
  });
  const reopen = () => {
    database.close();
    database = driver.open(join(folder, 'studio.db'));
    return program(createSamples({ database, retentionDays: 7 }));
  };

  it('are the same after a restart, and what happened meanwhile counts once', () => {
    const before = program(createSamples({ database, retentionDays: 7 }));
    const seen = (n: number) => ({ ...started, [runs]: n, [circuit]: 1, [bucket('1')]: n / 2, [bucket('+Inf')]: n });
    for (let second = 5; second <= 1_000; second += 5) before.at(second, seen(second));
    const asked = before.ask(0, 1_000, 50).answer;
    const after = reopen();
    expect(after.ask(0, 1_000, 50).answer).toEqual(asked);
    after.at(1_600, seen(1_600));
    after.at(1_605, seen(1_605));
    expect(after.ask(0, 1_605).total('executions')).toBe(1_605);
    expect(reopen().ask(0, 1_605).total('executions')).toBe(1_605);
  });

  it('forget what is older than the retention, with its series', () => {
    const made = program(createSamples({ database, retentionDays: 1 }));
    const old = 'tta_workflow_executions_total{workflow_name="old",status="success"}';
    made.at(5, { ...started, [old]: 1 });
    made.at(100_000, { ...started, [runs]: 1 });
    made.samples.tidy(START + 100_000_000);
    const rows = (table: string) => database.prepare(`select count(*) as n from ${table}`).get()?.n;
    expect([rows('number_frame'), rows('number_series')]).toEqual([3, 1]);
    expect(made.ask(0, 100_000).table('workflows')).toHaveLength(1);
  });

  it('go on in memory when nothing can be written, and say so', () => {
    const made = program(createSamples({ database, retentionDays: 7 }));
    made.at(5, { ...started, [runs]: 1 });
    database.exec('pragma query_only = 1');
    made.at(10, { ...started, [runs]: 4 });
    expect(made.ask(0, 60).total('executions')).toBe(4);
    expect(made.samples.notes()).toEqual([expect.stringContaining('in memory only')]);
    database.exec('pragma query_only = 0');
  });

  it('are all written when the disk can be written again, and nothing is said any more', () => {
    const made = program(createSamples({ database, retentionDays: 7 }));
    made.at(5, { ...started, [runs]: 1 });
    database.exec('pragma query_only = 1');
    const late = 'tta_workflow_executions_total{workflow_name="late",status="success"}';
    // Longer than a frame of a minute, with a gap in it.
    for (let second = 10; second <= 150; second += 5) made.at(second, { ...started, [runs]: second, [late]: second });
    made.at(1_000, { ...started, [runs]: 1_000, [late]: 1_000 });
    made.samples.tidy(START + 1_000_000);
    expect(made.samples.notes()).toEqual([expect.stringContaining('in memory only')]);
    database.exec('pragma query_only = 0');
    made.at(1_005, { ...started, [runs]: 1_005, [late]: 1_005 });
    expect(made.samples.notes()).toEqual([]);
    const asked = made.ask(0, 1_005, 50).answer;
    expect(reopen().ask(0, 1_005, 50).answer).toEqual(asked);
  });

  it('begin anew when what is kept is no longer understood', () => {
    database.exec('create table number_frame(other)');
    const made = program(createSamples({ database, retentionDays: 7 }));
    made.at(5, { ...started, [runs]: 1 });
    expect(made.ask(0, 60).total('executions')).toBe(1);
    expect(made.samples.notes()).toHaveLength(1);
  });
});
