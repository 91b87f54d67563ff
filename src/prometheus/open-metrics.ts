/**
 * A metric in OpenMetrics, which is stricter than the text format: a metric claims more names than its lines have, and
 * a histogram must have its sum. What it refuses is written as `unknown`, so that both formats have the same series.
 */
import type { Families } from './families.ts';
import type { Family } from './family.ts';
import { escapeHelp, type LineOptions, linesOf } from './lines.ts';
import type { Series } from './series.ts';

export function* openMetricsOf(
  families: Families,
  family: Family,
  shown: readonly Series[],
  options: LineOptions,
): Generator<string> {
  const { name, type } = family;
  if (type === 'gauge') {
    yield head(family, name, type);
    yield* linesOf(family, shown, options);
  } else if (type === 'counter') {
    const base = name.slice(0, -'_total'.length);
    const isFree = base !== '' && base !== 'target' && !isTaken(families, base);
    yield head(family, isFree ? base : name, isFree ? type : 'unknown');
    yield* linesOf(family, shown, isFree ? options : { ...options, exemplars: false });
  } else if (
    families.hasName(`${name}_created`) ||
    shown.some((series) => 'sum' in series && series.sum === undefined)
  ) {
    for (const each of [`${name}_bucket`, `${name}_sum`, `${name}_count`]) {
      yield head(family, each, 'unknown');
      for (const lines of linesOf(family, shown, { ...options, exemplars: false })) {
        for (const line of lines.split(/(?<=\n)/)) if (line.startsWith(each)) yield line;
      }
    }
  } else {
    yield head(family, name, type);
    yield* linesOf(family, shown, options);
  }
}

/** Whether another metric has a name that a counter claims: without `_total`, and with `_created`. */
function isTaken(families: Families, base: string): boolean {
  if (families.hasName(base) || families.hasName(`${base}_created`)) return true;
  const other = base.replace(/_created$/, '');
  return other !== base && (families.hasName(other) || families.hasName(`${other}_total`));
}

/** A name must end with the unit. */
function head({ help, unit }: Family, name: string, type: Family['type'] | 'unknown'): string {
  const word = UNITS.get(unit) ?? unit;
  const hasUnit = type !== 'unknown' && /^[a-zA-Z0-9_]+$/.test(word) && name.endsWith(`_${word}`);
  const unitLine = hasUnit ? `# UNIT ${name} ${word}\n` : '';
  return `# TYPE ${name} ${type}\n${unitLine}# HELP ${name} ${escapeHelp(help).replaceAll('"', '\\"')}\n`;
}

const UNITS: ReadonlyMap<string, string> = new Map([
  ['s', 'seconds'],
  ['ms', 'milliseconds'],
  ['By', 'bytes'],
  ['1', 'ratio'],
]);
