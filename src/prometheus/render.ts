/** Writes the table as text: in parts, so that the event loop can go on between them. */
import type { Families } from './families.ts';
import type { Family } from './family.ts';
import { escapeHelp, inBraces, type LineOptions, linesOf } from './lines.ts';
import { openMetricsOf } from './open-metrics.ts';
import type { Series } from './series.ts';

export interface RenderOptions extends LineOptions {
  /** The labels of `target_info`; `undefined` leaves it out. */
  readonly target: string | undefined;
  /** Called when the lines of a metric cannot be written. The other metrics are. */
  readonly onError: (family: Family, error: unknown) => void;
}

/** Parts of about 64 kB: each is written to a client by one call of the system. */
const PART_LENGTH = 65_536;

export function* render(families: Families, options: RenderOptions): Generator<string> {
  const openMetrics = options.format === 'openmetrics';
  let part = options.target === undefined ? '' : targetInfo(options.target, openMetrics && !families.hasName('target'));
  for (const family of families) {
    const shown = [...families.shown(family)];
    if (shown.length === 0) continue;
    try {
      const texts = openMetrics ? openMetricsOf(families, family, shown, options) : textOf(family, shown, options);
      for (const text of texts) {
        part += text;
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

function targetInfo(labels: string, isInfo: boolean): string {
  const [name, type] = isInfo ? ['target', 'info'] : ['target_info', 'gauge'];
  return `# HELP ${name} Target metadata\n# TYPE ${name} ${type}\ntarget_info${inBraces(labels)} 1\n`;
}

function* textOf(family: Family, shown: readonly Series[], options: LineOptions): Generator<string> {
  yield `# HELP ${family.name} ${escapeHelp(family.help)}\n# TYPE ${family.name} ${family.type}\n`;
  yield* linesOf(family, shown, options);
}
