/**
 * A metric in OpenMetrics, which is stricter than the text format: a metric claims more names than its lines have, and
 * a histogram must have its sum. What it refuses is written as `unknown`, so that both formats have the same series.
 */
import type { Families } from './families.ts';
import type { Family } from './family.ts';
import { escapeHelp, type LineOptions, writeLines } from './lines.ts';
import type { Series } from './series.ts';
import type { Utf8Writer } from './utf8-writer.ts';

export function* writeOpenMetrics(
  out: Utf8Writer,
  families: Families,
  family: Family,
  shown: readonly Series[],
  options: LineOptions,
): Generator<Buffer> {
  const { name, type } = family;
  if (type === 'gauge') {
    out.text(head(family, name, type));
    yield* writeLines(out, family, shown, options);
  } else if (type === 'counter') {
    const base = name.slice(0, -'_total'.length);
    const isFree = base !== '' && base !== 'target' && !isTaken(families, base);
    out.text(head(family, isFree ? base : name, isFree ? type : 'unknown'));
    yield* writeLines(out, family, shown, isFree ? options : { ...options, exemplars: false });
  } else if (
    families.hasName(`${name}_created`) ||
    shown.some((series) => 'sum' in series && series.sum === undefined)
  ) {
    for (const only of ['_bucket', '_sum', '_count'] as const) {
      out.text(head(family, `${name}${only}`, 'unknown'));
      yield* writeLines(out, family, shown, { ...options, exemplars: false, only });
    }
  } else {
    out.text(head(family, name, type));
    yield* writeLines(out, family, shown, options);
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
