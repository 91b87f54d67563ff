/** Writes the table as text: in parts, so that the event loop can go on between them. */
import type { Family } from './family.ts';
import { labelText } from './names.ts';
import type { Exemplar, GaugeSeries } from './series.ts';

/** `text` is the text format 0.0.4 of Prometheus, `openmetrics` is OpenMetrics 1.0. */
export type Format = 'text' | 'openmetrics';

export const CONTENT_TYPE: Readonly<Record<Format, string>> = {
  // Without the charset some clients decode labels as Latin-1.
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

export interface RenderOptions {
  readonly format: Format;
  /** `job="shop"`: labels that every series has. */
  readonly constant: string;
  /** The labels of `target_info`; `undefined` leaves it out. */
  readonly target: string | undefined;
}

/** Parts of about 16 kB. */
const PART_LENGTH = 16_384;

export function* render(families: Iterable<Family>, { format, constant, target }: RenderOptions): Generator<string> {
  const openMetrics = format === 'openmetrics';
  let part = target === undefined ? '' : targetInfo(target, openMetrics);
  for (const family of families) {
    if (family.series.size === 0) continue;
    const name = openMetrics && family.type === 'counter' ? family.name.replace(/_total$/, '') : family.name;
    part += `# HELP ${name} ${escapeHelp(family.help, openMetrics)}\n# TYPE ${name} ${family.type}\n`;
    for (const lines of linesOf(family, constant, openMetrics)) {
      part += lines;
      if (part.length < PART_LENGTH) continue;
      yield part;
      part = '';
    }
  }
  yield format === 'openmetrics' ? `${part}# EOF\n` : part;
}

function targetInfo(labels: string, openMetrics: boolean): string {
  const [name, type] = openMetrics ? ['target', 'info'] : ['target_info', 'gauge'];
  return `# HELP ${name} Target metadata\n# TYPE ${name} ${type}\ntarget_info{${labels}} 1\n`;
}

function* linesOf(family: Family, constant: string, openMetrics: boolean): Generator<string> {
  const { name } = family;
  const braces = (...labels: string[]) => {
    const all = labels.filter((each) => each !== '').join(',');
    return all === '' ? '' : `{${all}}`;
  };
  if (family.type === 'gauge') {
    for (const series of family.series.values()) {
      if (series.values.size === 0) continue;
      yield `${name}${braces(series.labels, constant)} ${numberText(gaugeValue(series))}\n`;
    }
  } else if (family.type === 'counter') {
    for (const series of family.series.values()) {
      const exemplar = openMetrics ? exemplarText(series.exemplar) : '';
      yield `${name}${braces(series.labels, constant)} ${numberText(series.value)}${exemplar}\n`;
    }
  } else {
    for (const { labels, bounds, counts, sum, count, exemplars } of family.series.values()) {
      let lines = '';
      let below = 0;
      for (const [i, added] of counts.entries()) {
        below += added;
        const exemplar = openMetrics ? exemplarText(exemplars?.get(i)) : '';
        lines += `${name}_bucket${braces(labels, constant, `le="${numberText(bounds[i] ?? Number.POSITIVE_INFINITY)}"`)} ${below}${exemplar}\n`;
      }
      if (sum !== undefined) lines += `${name}_sum${braces(labels, constant)} ${numberText(sum)}\n`;
      yield `${lines}${name}_count${braces(labels, constant)} ${count}\n`;
    }
  }
}

/** Up-down counters of several processes add up. */
export function gaugeValue({ values }: GaugeSeries): number {
  let sum = 0;
  for (const value of values.values()) sum += value;
  return sum;
}

function exemplarText(exemplar: Exemplar | undefined): string {
  if (exemplar === undefined) return '';
  const { traceId, spanId, value, timestamp } = exemplar;
  return ` # ${`{${labelText({ trace_id: traceId, span_id: spanId })}}`} ${numberText(value)} ${timestamp}`;
}

export function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}

function escapeHelp(text: string, openMetrics: boolean): string {
  const escaped = text.toWellFormed().replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return openMetrics ? escaped.replaceAll('"', '\\"') : escaped;
}
