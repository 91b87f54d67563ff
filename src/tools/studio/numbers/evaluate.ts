/** Computes measures over an excerpt: one number for the whole time, and one for each step. */
import type { Excerpt, Group } from './excerpt.ts';
import type { Measure } from './measure.ts';
import { quantileOf } from './quantile.ts';
import { boundOf } from './reading.ts';

export interface Evaluated {
  readonly labels: Readonly<Record<string, string>>;
  /** `null`: not known. */
  readonly total: number | null;
  /** One for each step of the span. They are computed for what is shown only. */
  readonly values: () => readonly (number | null)[];
}

export function evaluate(excerpt: Excerpt, measure: Measure, by: readonly string[]): readonly Evaluated[] {
  switch (measure.kind) {
    case 'rate':
      return [...excerpt.groups(measure.of, by).values()].map((group) => rateOf(excerpt, measure.perSeconds, group));
    case 'increase':
      return [...excerpt.groups(measure.of, by).values()].map((group) => ({
        labels: group.labels,
        total: isKnown(excerpt, [group]) ? sumOf(excerpt, group) + group.inGaps : null,
        values: () => perValue(excerpt, group),
      }));
    case 'share': {
      const parts = excerpt.groups(measure.part, by);
      const wholes = measure.whole.map((selector) => excerpt.groups(selector, by));
      const keys = new Set(wholes.flatMap((groups) => [...groups.keys()]));
      return [...keys].map((key) => {
        const of = wholes.flatMap((groups) => groups.get(key) ?? []);
        return shareOf(excerpt, parts.get(key), of);
      });
    }
    case 'quantile':
      return [...byHistogram(excerpt.groups(measure.of, [...by, 'le']).values(), by).values()].map((buckets) =>
        quantilesOf(excerpt, measure.q, buckets),
      );
    case 'gauge':
      return [...excerpt.groups(measure.of, by).values()].map((group) => gaugeOf(excerpt, group));
  }
}

/** The growth within the span, without the steps before it. */
function sumOf({ span }: Excerpt, { steps }: Group): number {
  let sum = 0;
  for (let step = span.stepsPerValue - 1; step < steps.length; step += 1) sum += steps[step] ?? 0;
  return sum;
}

function coveredOf({ span, coveredMs }: Excerpt): number {
  let sum = 0;
  for (let step = span.stepsPerValue - 1; step < coveredMs.length; step += 1) sum += coveredMs[step] ?? 0;
  return sum;
}

const isKnown = (excerpt: Excerpt, groups: readonly Group[]) =>
  coveredOf(excerpt) > 0 || groups.some(({ inGaps }) => inGaps > 0);

/** The growth up to each step; `null` where nothing was observed. */
function perValue({ span, coveredMs }: Excerpt, group: Group | undefined): (number | null)[] {
  return Array.from({ length: span.steps }, (_, value) => {
    let [sum, covered] = [0, 0];
    for (let step = value; step < value + span.stepsPerValue; step += 1) {
      sum += group?.steps[step] ?? 0;
      covered += coveredMs[step] ?? 0;
    }
    return covered > 0 ? sum : null;
  });
}

/** Per second of the time that was observed: a gap is not a time without work. */
function rateOf(excerpt: Excerpt, perSeconds: number, group: Group): Evaluated {
  const { span, coveredMs } = excerpt;
  const values = () =>
    perValue(excerpt, group).map((sum, value) => {
      if (sum === null) return null;
      let covered = 0;
      for (let step = value; step < value + span.stepsPerValue; step += 1) covered += coveredMs[step] ?? 0;
      return (sum * perSeconds * 1_000) / covered;
    });
  if (perSeconds > 1) {
    const total = isKnown(excerpt, [group]) ? sumOf(excerpt, group) + group.inGaps : null;
    return { labels: group.labels, total, values };
  }
  const covered = coveredOf(excerpt);
  return { labels: group.labels, total: covered > 0 ? (sumOf(excerpt, group) * 1_000) / covered : null, values };
}

function shareOf(excerpt: Excerpt, part: Group | undefined, whole: readonly Group[]): Evaluated {
  const all = whole.reduce((sum, group) => sum + sumOf(excerpt, group) + group.inGaps, 0);
  const some = part === undefined ? 0 : sumOf(excerpt, part) + part.inGaps;
  return {
    labels: whole[0]?.labels ?? {},
    total: all > 0 ? some / all : null,
    values() {
      const wholes = whole.map((group) => perValue(excerpt, group));
      return perValue(excerpt, part).map((value, step) => {
        const sum = wholes.reduce((total, values) => total + (values[step] ?? 0), 0);
        return value !== null && sum > 0 ? value / sum : null;
      });
    },
  };
}

function byHistogram(groups: Iterable<Group>, by: readonly string[]): Map<string, Group[]> {
  const histograms = new Map<string, Group[]>();
  for (const group of groups) {
    const key = JSON.stringify(by.map((name) => group.labels[name]));
    const others = histograms.get(key);
    if (others === undefined) histograms.set(key, [group]);
    else others.push(group);
  }
  return histograms;
}

function quantilesOf(excerpt: Excerpt, q: number, groups: readonly Group[]): Evaluated {
  const buckets = groups
    .map((group) => ({ group, bound: boundOf(group.labels) }))
    .sort((one, other) => one.bound - other.bound);
  const { le: _, ...labels } = groups[0]?.labels ?? {};
  return {
    labels,
    total: quantileOf(
      q,
      buckets.map(({ group, bound }) => ({ bound, count: sumOf(excerpt, group) + group.inGaps })),
    ),
    values() {
      const counts = buckets.map(({ group, bound }) => ({ bound, values: perValue(excerpt, group) }));
      return Array.from({ length: excerpt.span.steps }, (_, step) =>
        quantileOf(
          q,
          counts.map(({ bound, values }) => ({ bound, count: values[step] ?? 0 })),
        ),
      );
    },
  };
}

/** The total is where it stands at the end of what was observed. */
function gaugeOf({ span, coveredMs }: Excerpt, { labels, steps }: Group): Evaluated {
  const known = (step: number) => {
    const value = steps[step];
    return value === undefined || Number.isNaN(value) ? null : value;
  };
  const before = span.stepsPerValue - 1;
  const last = coveredMs.findLastIndex((covered) => covered > 0);
  return {
    labels,
    total: last >= before ? known(last) : null,
    values: () => Array.from({ length: span.steps }, (_, value) => known(value + before)),
  };
}
