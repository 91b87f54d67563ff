import { processWide } from '../../platform/process-wide.ts';
import { safeDateOf } from '../guard.ts';
import { beforeCollection } from '../meter.ts';
import type { Observation } from '../observation.ts';
import { ATTR, INSTRUMENT } from '../semconv.ts';
import { type Series, SeriesTable } from '../series-table.ts';

const limits = new SeriesTable(INSTRUMENT.budgetLimit, 'gauge', { unit: '{USD}' }, [ATTR.budget]);
const remaining = new SeriesTable(INSTRUMENT.budgetRemaining, 'gauge', { unit: '{USD}' }, [ATTR.budget]);
const refusals = new SeriesTable(INSTRUMENT.budgetRefusals, 'counter', { unit: '{refusal}' }, [ATTR.budget]);
const storeErrors = new SeriesTable(INSTRUMENT.budgetStoreErrors, 'counter', { unit: '{error}' }, [ATTR.budget]);

type Clock = Parameters<typeof safeDateOf>[0];

interface Left {
  readonly dollars: number;
  /** From when on it does not count any more, in milliseconds since the Unix epoch. */
  readonly until: number;
}

/** Of how many runs, tenants or keys, those that were used last, the gauge knows what is left. */
const MAX_KEYS = 10_000;

/** What is left of one budget, by its runs, tenants or keys: the gauge shows the smallest. */
class Remaining {
  readonly limitUsd: number;
  /** In the order of their last use. */
  readonly #byKey = new Map<string, Left>();
  #clock: Clock | undefined;

  constructor(limitUsd: number) {
    this.limitUsd = limitUsd;
  }

  set(key: string, left: Left, clock: Clock): void {
    this.#clock = clock;
    this.#byKey.delete(key);
    this.#byKey.set(key, left);
    if (this.#byKey.size <= MAX_KEYS) return;
    for (const [oldest] of this.#byKey) {
      this.#byKey.delete(oldest);
      return;
    }
  }

  get smallest(): number {
    const now = this.#clock === undefined ? 0 : safeDateOf(this.#clock);
    let smallest = this.limitUsd;
    for (const [key, { dollars, until }] of this.#byKey) {
      if (until <= now) this.#byKey.delete(key);
      else smallest = Math.min(smallest, dollars);
    }
    return smallest;
  }
}

/** The budgets by their series. They are held weakly: a program may make one for each of its runs. */
const budgets = processWide('budgets', () => {
  const bySeries = new Map<Series, { readonly limit: Series; readonly members: Set<WeakRef<Remaining>> }>();
  beforeCollection(() => {
    for (const [series, { limit, members }] of bySeries) {
      let smallest = Number.POSITIVE_INFINITY;
      let smallestLimit = Number.POSITIVE_INFINITY;
      for (const member of members) {
        const each = member.deref();
        if (each === undefined) members.delete(member);
        else {
          smallest = Math.min(smallest, each.smallest);
          smallestLimit = Math.min(smallestLimit, each.limitUsd);
        }
      }
      // If none is left, the series stay as they were.
      if (members.size === 0) continue;
      if (series.value !== smallest) series.value = smallest;
      if (limit.value !== smallestLimit) limit.value = smallestLimit;
    }
  });
  return bySeries;
});

export type BudgetRecorder = ReturnType<typeof budgetRecorder>;

/** Records what is left of one budget, and what it refuses. */
export function budgetRecorder(name: string, limitUsd: number) {
  const left = new Remaining(limitUsd);
  const series = remaining.series(name);
  const budget = budgets.get(series) ?? { limit: limits.series(name), members: new Set() };
  budget.members.add(new WeakRef(left));
  budgets.set(series, budget);
  const refused = refusals.series(name);
  const failed = storeErrors.series(name);
  return {
    /** So many dollars are left for this run, tenant or key. It counts until that date. */
    left(key: string, dollars: number, until: number, clock: Clock): void {
      left.set(key, { dollars, until }, clock);
    },
    /** The budget stops an execution. */
    refused(): void {
      refused.value += 1;
    },
    /** The store did not answer, or not in time. */
    storeFailed(): void {
      failed.value += 1;
    },
    /** The cheaper primitive runs. */
    softened({ span }: Observation): void {
      span?.setAttribute(ATTR.budgetSoftLimit, true);
    },
  };
}
