import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempFolder } from '../../../support/temp-folder.ts';
import { DRIVERS } from './drivers.ts';

it('there is a driver', () => {
  expect(DRIVERS).not.toEqual([]);
});

describe.each(DRIVERS)('$name', (driver) => {
  it('gives rows back as they were put in, by all and by get, and nothing else', () => {
    const database = driver.open(':memory:');
    database.exec('create table t(id integer primary key, text text, bytes blob, none text) strict');
    const insert = database.prepare('insert into t(id, text, bytes) values (?, ?, ?)');
    expect(insert.run(1_700_000_000_123_456, 'é 中 🎉', new Uint8Array([0, 255]))).toBe(1);
    const row = { id: 1_700_000_000_123_456, text: 'é 中 🎉', bytes: [0, 255], none: null };
    const one = database.prepare('select * from t where bytes = ?').get(new Uint8Array([0, 255]));
    const [other] = database.prepare('select * from t where text = ? limit ?').all('é 中 🎉', 1);
    for (const read of [one, other]) {
      expect(read?.bytes).toBeInstanceOf(Uint8Array);
      expect({ ...read, bytes: Array.from(read?.bytes as Uint8Array) }).toEqual(row);
    }
    expect(database.prepare('select * from t where id = 0').get()).toBeUndefined();
    database.close();
  });

  it('undoes a transaction that throws, and keeps one that does not', () => {
    const database = driver.open(':memory:');
    database.exec('create table t(id integer primary key) strict');
    const insert = database.prepare('insert into t values (?)');
    const fail = () =>
      database.transaction(() => {
        insert.run(1);
        throw new Error('no');
      });
    expect(fail).toThrow('no');
    expect(database.transaction(() => insert.run(2))).toBe(1);
    expect(database.prepare('select id from t').all()).toEqual([expect.objectContaining({ id: 2 })]);
    database.close();
  });

  it('leaves no log behind when it closes', () => {
    const folder = tempFolder();
    const database = driver.open(join(folder, 'a.db'));
    database.exec('pragma journal_mode = wal; create table t(id integer primary key) strict');
    database.prepare('insert into t values (1)').run();
    database.close();
    const again = driver.open(join(folder, 'a.db'));
    expect(again.prepare('select count(*) as n from t').get()).toMatchObject({ n: 1 });
    again.close();
    expect(readdirSync(folder)).toContain('a.db');
  });
});
