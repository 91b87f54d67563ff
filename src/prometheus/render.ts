/** Writes the table as text: in parts, so that the event loop can go on between them. */
import type { Family } from './family.ts';
import { type Format, inBraces, type LineOptions, linesOf } from './lines.ts';

export const CONTENT_TYPE: Readonly<Record<Format, string>> = {
  // Without the charset some clients decode labels as Latin-1.
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

export interface RenderOptions extends LineOptions {
  /** The labels of `target_info`; `undefined` leaves it out. */
  readonly target: string | undefined;
  /** Called when the lines of a metric cannot be written. The other metrics are. */
  readonly onError: (family: Family, error: unknown) => void;
}

/** Parts of about 16 kB. */
const PART_LENGTH = 16_384;

export function* render(families: Iterable<Family>, options: RenderOptions): Generator<string> {
  const openMetrics = options.format === 'openmetrics';
  let part = options.target === undefined ? '' : targetInfo(options.target, openMetrics);
  for (const family of families) {
    if (family.series.size === 0) continue;
    part += openMetrics ? openMetricsHead(family) : textHead(family);
    try {
      for (const lines of linesOf(family, options)) {
        part += lines;
        if (part.length < PART_LENGTH) continue;
        yield part;
        part = '';
      }
    } catch (error) {
      options.onError(family, error);
    }
  }
  yield openMetrics ? `${part}# EOF\n` : part;
}

function targetInfo(labels: string, openMetrics: boolean): string {
  const [name, type] = openMetrics ? ['target', 'info'] : ['target_info', 'gauge'];
  return `# HELP ${name} Target metadata\n# TYPE ${name} ${type}\ntarget_info${inBraces(labels)} 1\n`;
}

function textHead({ name, type, help }: Family): string {
  return `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
}

/** In OpenMetrics, a name must end with the unit, and only the samples of a counter end with `_total`. */
function openMetricsHead({ name, type, help, unit }: Family): string {
  const base = type === 'counter' ? name.replace(/_total$/, '') : name;
  const word = UNITS.get(unit) ?? unit;
  const unitLine = /^[a-zA-Z0-9_]+$/.test(word) && base.endsWith(`_${word}`) ? `# UNIT ${base} ${word}\n` : '';
  return `# TYPE ${base} ${type}\n${unitLine}# HELP ${base} ${escapeHelp(help).replaceAll('"', '\\"')}\n`;
}

const UNITS: ReadonlyMap<string, string> = new Map([
  ['s', 'seconds'],
  ['ms', 'milliseconds'],
  ['By', 'bytes'],
  ['1', 'ratio'],
]);

function escapeHelp(text: string): string {
  return text.toWellFormed().replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
