import { type Database, SEARCH_OPTIONS } from './database.ts';

/** Raised with every change of the tables. */
export const SCHEMA = 1;

const OF_CONNECTION = `
  pragma synchronous = normal;
  pragma busy_timeout = 1000;
  pragma cache_size = -32000;
`;
/** Works only when it is set before anything is written. It is written whenever it is set, which a full disk refuses. */
const OF_NEW_FILE = 'pragma auto_vacuum = incremental';

/**
 * `run` and `run_document` are narrow, so that a list of any order and a search for one letter read them whole. `id` is the arrival, `change` grows with
 * every change: what has not changed for longest is deleted first. In `span_key` are the spans that came, because an
 * exporter sends them again when it got no answer.
 */
const TABLES = `
  create table counter(id integer primary key, arrivals integer not null, change integer not null) strict;
  insert into counter values (1, 0, 0);
  create table run(
    id integer primary key, trace_id text not null unique, change integer not null unique, received_ms integer not null,
    status text not null, kind text not null, name text not null, workflow text, service text not null, session text,
    correlation text, tenant text, start_us integer not null, duration_us integer not null,
    nanodollars integer not null, tokens integer not null, errors integer not null
  ) strict;
  create index run_workflow on run(workflow, status, id);
  create table run_body(
    id integer primary key, summary text not null, kept integer not null, size integer not null
  ) strict;
  create table run_document(id integer primary key, document text not null) strict;
  create table label(
    name text not null, value text not null, run integer not null, primary key(name, value, run)
  ) strict, without rowid;
  create index label_run on label(run);
  create table chunk(id integer primary key, run integer not null, first integer not null, spans integer not null,
    body blob not null) strict;
  create unique index chunk_run on chunk(run, first);
  create table span_key(run integer not null, span_id text not null, primary key(run, span_id)) strict, without rowid;
  create virtual table run_text using fts5(document, ${SEARCH_OPTIONS});
`;

export function schemaOf(database: Database): number {
  return Number(database.prepare('pragma user_version').get()?.user_version ?? 0);
}

/** Makes a connection ready, and the tables in a database that is new. Writes nothing to one that has them. */
export function prepare(database: Database): void {
  database.exec(OF_CONNECTION);
  const isNew = database.prepare('select count(*) as n from sqlite_master').get()?.n === 0;
  if (isNew) database.exec(OF_NEW_FILE);
  database.exec('pragma journal_mode = wal');
  if (isNew) database.transaction(() => database.exec(`${TABLES} pragma user_version = ${SCHEMA}`));
}
