import { systemClock } from '../../platform/clock.ts';
import { foreignMessage, foreignText } from '../../platform/foreign-text.ts';
import { type JobQueue, QueueAwayError, type QueueStats } from '../../queue/index.ts';
import { openQueue } from '../worker/engine.ts';
import { ask } from './ask.ts';
import { type DescribedJob, describeJob } from './dead-job.ts';
import { print, printError } from './print.ts';
import { addressText, engineFrom, packagesOf, type QueueOptions } from './queue-options.ts';
import { requirePackages } from './require-peers.ts';

export interface QueueCommandOptions extends QueueOptions {
  readonly json: boolean;
}

export interface DeadCommandOptions extends QueueCommandOptions {
  /** How many jobs are listed. */
  readonly limit: number;
}

export interface ShowCommandOptions extends QueueCommandOptions {
  /** Whether to print the input, which is data of a user. */
  readonly input: boolean;
}

export interface ChangeCommandOptions extends QueueCommandOptions {
  readonly all: boolean;
}

export interface DropCommandOptions extends ChangeCommandOptions {
  readonly yes: boolean;
}

/** So long a person waits for an engine that does not answer, in milliseconds. */
const AWAY_MS = 5_000;
const ONE_DAY_MS = 86_400_000;

async function withQueue<T>(name: string, options: QueueOptions, use: (queue: JobQueue) => Promise<T>): Promise<T> {
  const engine = engineFrom(options);
  requirePackages('tta queue', packagesOf(engine));
  const queue = openQueue({ name, engine, prefix: options.prefix }, AWAY_MS);
  const ended = new AbortController();
  // A connection that is being made does not keep the process alive.
  systemClock.sleep(ONE_DAY_MS, ended.signal).catch(() => {});
  try {
    return await use(queue);
  } catch (error) {
    if (!(error instanceof QueueAwayError)) throw error;
    throw new Error(`${foreignMessage(error)}. Its address: ${addressText(engine)}`, { cause: error });
  } finally {
    await queue.close();
    ended.abort();
  }
}

/** `tta queue NAME`: how many jobs it has. */
export function statsCommand(name: string, options: QueueCommandOptions): Promise<void> {
  return withQueue(name, options, async (queue) => {
    const stats = await queue.stats();
    if (options.json) return print(JSON.stringify({ name, engine: queue.engine, ...stats }, undefined, 2));
    const engine = engineFrom(options);
    print(`Queue    ${foreignText(name)} in ${queue.engine} at ${addressText(engine)}`);
    print(showStats(name, stats));
  });
}

function showStats(name: string, { waiting, running, delayed, dead, oldestMs, workers }: QueueStats): string {
  const oldest = oldestMs === undefined ? '' : `, the oldest for ${showDuration(oldestMs)}`;
  const more = dead === 0 ? '' : `: tta queue dead ${foreignText(name)} lists them`;
  return [
    `waiting  ${waiting}${oldest}`,
    `running  ${running}`,
    `delayed  ${delayed}`,
    `dead     ${dead}${more}`,
    `workers  ${workers ?? 'not known'}`,
  ].join('\n');
}

/** `tta queue dead NAME`: the jobs that were given up, the newest first. */
export function deadCommand(name: string, options: DeadCommandOptions): Promise<void> {
  return withQueue(name, options, async (queue) => {
    const jobs: DescribedJob[] = [];
    for await (const job of queue.dead.list(0, options.limit + 1)) jobs.push({ ...describeJob(job), input: undefined });
    const isMore = jobs.length > options.limit;
    const shown = jobs.slice(0, options.limit);
    if (options.json) return print(JSON.stringify(shown, undefined, 2));
    if (shown.length === 0) return print(`${foreignText(name)} has no dead jobs`);
    for (const { id, primitive, diedAt, starts, why } of shown)
      print(
        `${foreignText(id)}  ${diedAt ?? 'not known'}  ${foreignText(primitive ?? 'unreadable')}, ${count(starts, 'start')}: ${foreignText(why)}`,
      );
    if (isMore) printError(`The newest ${options.limit}; --limit shows more`);
  });
}

/** `tta queue show NAME ID`: one dead job. */
export function showCommand(name: string, id: string, options: ShowCommandOptions): Promise<void> {
  return withQueue(name, options, async (queue) => {
    const job = await queue.dead.get(id);
    if (job === undefined) throw noSuchJob(name, id);
    const { input, ...facts } = describeJob(job);
    const shown = options.input ? { ...facts, input } : facts;
    if (options.json) return print(JSON.stringify(shown, undefined, 2));
    for (const [key, value] of Object.entries(shown)) {
      if (value === undefined) continue;
      const text = typeof value === 'object' ? JSON.stringify(value) : `${value}`;
      // The input may have any length, and was asked for.
      print(`${key.padEnd(14)}${key === 'input' ? text : foreignText(text)}`);
    }
  });
}

/** `tta queue retry NAME ID...`: the jobs wait again. */
export function retryCommand(name: string, ids: readonly string[], options: ChangeCommandOptions): Promise<void> {
  return withQueue(name, options, async (queue) => {
    const chosen = await choose(queue, ids, options);
    await change(name, chosen, options, 'retried', (id) => queue.dead.retry(id));
  });
}

/** `tta queue drop NAME ID...`: the jobs are deleted. */
export function dropCommand(name: string, ids: readonly string[], options: DropCommandOptions): Promise<void> {
  return withQueue(name, options, async (queue) => {
    const chosen = await choose(queue, ids, options);
    const what = `${count(chosen.length, 'dead job')} of ${foreignText(name)}`;
    if (chosen.length > 0 && !options.yes) {
      if (!process.stdin.isTTY) throw new Error(`nothing was deleted: ${what}. Add --yes to go on`);
      if (!(await ask(`Delete ${what}? [y/N] `))) throw new Error('nothing was deleted');
    }
    await change(name, chosen, options, 'deleted', (id) => queue.dead.drop(id));
  });
}

/** All of them are read before one is changed: a job that dies again at once is not met again. */
async function choose(
  queue: JobQueue,
  ids: readonly string[],
  { all }: ChangeCommandOptions,
): Promise<readonly string[]> {
  if (all === ids.length > 0) throw new Error('name the jobs by their ids, or give --all');
  if (!all) return [...new Set(ids)];
  const found: string[] = [];
  for await (const { id } of queue.dead.list(0, Number.MAX_SAFE_INTEGER)) found.push(id);
  return found;
}

/** The exit code is 1 when one of the jobs is not there. */
async function change(
  name: string,
  ids: readonly string[],
  { json }: QueueCommandOptions,
  done: string,
  one: (id: string) => Promise<boolean>,
): Promise<void> {
  const changed: string[] = [];
  const missing: string[] = [];
  for (const id of ids) (await one(id)) ? changed.push(id) : missing.push(id);
  if (json) print(JSON.stringify({ [done]: changed, missing }, undefined, 2));
  else {
    print(`${count(changed.length, 'job')} ${done}`);
    for (const id of missing) printError(noSuchJob(name, id).message);
  }
  if (missing.length > 0) process.exitCode = 1;
}

function noSuchJob(name: string, id: string): Error {
  return new Error(
    `${foreignText(name)} has no dead job ${foreignText(id)}: tta queue dead ${foreignText(name)} lists them`,
  );
}

const count = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`;

function showDuration(ms: number): string {
  if (ms < 1_000) return `${ms.toFixed(0)} ms`;
  return ms < 120_000 ? `${(ms / 1_000).toFixed(1)} s` : `${(ms / 60_000).toFixed(0)} min`;
}
