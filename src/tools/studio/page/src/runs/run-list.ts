/** The runs that the list shows: loaded page by page, and kept up to date while it is shown. */
import { computed, signal } from '@preact/signals';
import type { LiveEvent, RunsAnswer } from '../../../api.ts';
import { parseFilter, writeFilter } from '../../../model/filter.ts';
import type { RunSummary } from '../../../model/run.ts';
import { listPath } from '../address.ts';
import { ask } from '../server.ts';
import { mergeRuns } from './merge.ts';

/** Of the list as it was seen last: another view has other parameters. */
export const filter = computed(() => parseFilter(new URL(listPath.value, location.origin).searchParams));
/** The filter as the server takes it. Two addresses with the same filter have the same list. */
const query = computed(() => writeFilter(filter.value).toString());

interface RunList {
  /** The `query` that it answers. */
  readonly query: string;
  readonly runs: readonly RunSummary[];
  readonly next: string | null;
  readonly change: number;
  /** Of the Studio that answered: another one has other numbers. */
  readonly startedMs: number;
}

const PAGE = 200;
const LARGEST_PAGE = 500;
/** So many are asked for again when very many have changed at once. */
const RELOADED = 1_000;

const list = signal<RunList>({ query: '', runs: [], next: null, change: -1, startedMs: 0 });
/** Why the newest request failed. */
export const failure = signal('');
/** `undefined` until the first answer. While another filter is asked for, the runs of the one before. */
export const runs = computed(() => (list.value.change < 0 ? undefined : list.value.runs));
/** The filter that these runs match, as a text. */
export const shownQuery = computed(() => list.value.query);
export const isStale = computed(() => list.value.query !== query.value);
export const hasMore = computed(() => !isStale.value && list.value.next !== null);

async function askRuns(asked: string, wanted: Readonly<Record<string, string | number>>): Promise<RunsAnswer> {
  const path = new URLSearchParams(asked);
  for (const [name, value] of Object.entries(wanted)) path.set(name, String(value));
  return await ask<RunsAnswer>(`/api/runs?${path}`);
}

let isBusy = false;

/** Requests go one after the other. What came while one was under way is looked at after it. */
async function alone(work: (asked: string) => Promise<RunList | undefined>): Promise<void> {
  if (isBusy) return;
  isBusy = true;
  const asked = query.peek();
  try {
    const answer = await work(asked);
    // The filter may have changed meanwhile.
    if (answer !== undefined && asked === query.peek()) list.value = answer;
    failure.value = '';
  } catch (error) {
    failure.value = error instanceof Error ? error.message : String(error);
  } finally {
    isBusy = false;
  }
  if (asked !== query.peek()) await refresh();
  else if (failure.peek() === '' && (touched === null || touched.size > 0)) await refresh();
}

let touched: Set<string> | null = new Set();
let startedMs = 0;

/** Loads the list, or brings it up to date after an event. */
export async function refresh(event?: LiveEvent): Promise<void> {
  if (event?.runs === null) touched = null;
  else for (const id of event?.runs ?? []) touched?.add(id);
  startedMs = event?.startedMs ?? startedMs;
  await alone(async (asked) => {
    const present = list.peek();
    const seen = touched;
    touched = new Set();
    try {
      if (present.query !== asked || present.change < 0) return await load(asked, PAGE);
      if (present.startedMs !== startedMs) return await load(asked, Math.min(RELOADED, present.runs.length));
      if (seen === null && present.runs.length <= RELOADED) return await load(asked, present.runs.length);
      return await update(present, seen === null ? null : [...seen]);
    } catch (error) {
      touched = null;
      throw error;
    }
  });
}

async function load(asked: string, wanted: number): Promise<RunList> {
  const count = Math.max(PAGE, wanted);
  const by = startedMs;
  let answer = await askRuns(asked, { limit: Math.min(LARGEST_PAGE, count) });
  const { change } = answer;
  const all = [...answer.runs];
  while (all.length < count && answer.next !== null) {
    answer = await askRuns(asked, { limit: Math.min(LARGEST_PAGE, count - all.length), after: answer.next });
    all.push(...answer.runs);
  }
  return { query: asked, runs: all, next: answer.next, change, startedMs: by };
}

async function update(present: RunList, ids: readonly string[] | null): Promise<RunList> {
  const answer = await askRuns(present.query, { limit: LARGEST_PAGE, since: present.change });
  // More has changed than is worth merging.
  if (answer.next !== null) return await load(present.query, PAGE);
  const sort = filter.peek().sort ?? 'newest';
  const changes = { matching: answer.runs, touched: ids, sort, isWhole: present.next === null };
  return { ...present, runs: mergeRuns(present.runs, changes), change: answer.change };
}

export async function loadMore(): Promise<void> {
  const present = list.peek();
  const { next } = present;
  if (next === null || isStale.peek()) return;
  await alone(async () => {
    const answer = await askRuns(present.query, { limit: LARGEST_PAGE, after: next });
    const known = new Set(present.runs.map(({ traceId }) => traceId));
    const further = answer.runs.filter(({ traceId }) => !known.has(traceId));
    return { ...present, runs: [...present.runs, ...further], next: answer.next };
  });
}
