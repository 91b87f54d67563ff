/** The series that are kept: each has a number, so that a sample is 12 bytes whatever its labels are. */
import { copyText } from '../../../platform/copy-text.ts';

export interface Series {
  readonly id: number;
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Of all targets together. A program has a few hundred. */
const MAX_SERIES = 20_000;
const MAX_TEXT = 1_000;
/** Targets are added up, and so are the processes behind one endpoint. */
const LEFT_OUT = new Set(['job', 'instance', 'worker']);

/** Whether the values of a metric only grow. */
export const isCounter = (metric: string) => metric.endsWith('_total') || metric.endsWith('_bucket');

export interface SeriesBook {
  /** The number of a series; `undefined` where there is no room for another. */
  idOf(metric: string, labels: Readonly<Record<string, string>>): number | undefined;
  get(id: number): Series | undefined;
  all(): Iterable<Series>;
  /** Takes a series that was kept before, by its text of `fresh`. */
  restore(id: number, text: string): void;
  /** The texts of series that are new. The caller removes those that it has kept. */
  readonly fresh: Map<number, string>;
  forget(ids: Iterable<number>): void;
}

export function createSeriesBook(): SeriesBook {
  const ids = new Map<string, number>();
  const texts = new Map<number, string>();
  const fresh = new Map<number, string>();
  const known = new Map<number, Series>();
  let last = 0;

  function add(id: number, text: string): void {
    const [metric, ...labels] = JSON.parse(text) as [string, ...[string, string][]];
    // Not an object literal: a label may have the name __proto__.
    known.set(id, { id, metric, labels: Object.fromEntries(labels) });
    ids.set(text, id);
    texts.set(id, text);
    last = Math.max(last, id);
  }

  return {
    idOf(metric, labels) {
      const kept = Object.entries(labels).filter(([name]) => !LEFT_OUT.has(name));
      const text = JSON.stringify([metric, ...kept.sort(([one], [other]) => (one < other ? -1 : 1))]);
      const id = ids.get(text);
      if (id !== undefined) return id;
      if (known.size >= MAX_SERIES || text.length > MAX_TEXT) return undefined;
      const copy = copyText(text);
      add(last + 1, copy);
      fresh.set(last, copy);
      return last;
    },
    get: (id) => known.get(id),
    all: () => known.values(),
    restore(id, text) {
      if (known.size < MAX_SERIES) add(id, text);
    },
    fresh,
    forget(gone) {
      for (const id of gone) {
        ids.delete(texts.get(id) ?? '');
        texts.delete(id);
        fresh.delete(id);
        known.delete(id);
      }
    },
  };
}
