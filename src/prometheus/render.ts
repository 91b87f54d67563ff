/** Writes the table as text: in parts, so that the event loop can go on between them. */
import type { Families } from './families.ts';
import type { Family } from './family.ts';
import { escapeHelp, inBraces, type LineOptions, writeLines } from './lines.ts';
import { writeOpenMetrics } from './open-metrics.ts';
import type { Series } from './series.ts';
import type { Utf8Writer } from './utf8-writer.ts';

export interface RenderOptions extends LineOptions {
  /** The labels of `target_info`; `undefined` leaves it out. */
  readonly target: string | undefined;
  /** Called when the lines of a metric cannot be written. The other metrics are. */
  readonly onError: (family: Family, error: unknown) => void;
}

/** @param out the same for all scrapes: V8 throws compiled code away when the last object that it was compiled for is gone */
export function* render(out: Utf8Writer, families: Families, options: RenderOptions): Generator<Buffer> {
  const openMetrics = options.format === 'openmetrics';
  out.clear();
  if (options.target !== undefined) out.text(targetInfo(options.target, openMetrics && !families.hasName('target')));
  for (const family of families) {
    const shown = [...families.shown(family)];
    if (shown.length === 0) continue;
    try {
      if (openMetrics) yield* writeOpenMetrics(out, families, family, shown, options);
      else yield* writeText(out, family, shown, options);
    } catch (error) {
      options.onError(family, error);
    }
  }
  if (openMetrics) out.text('# EOF\n');
  yield out.take();
}

function targetInfo(labels: string, isInfo: boolean): string {
  const [name, type] = isInfo ? ['target', 'info'] : ['target_info', 'gauge'];
  return `# HELP ${name} Target metadata\n# TYPE ${name} ${type}\ntarget_info${inBraces(labels)} 1\n`;
}

function* writeText(
  out: Utf8Writer,
  family: Family,
  shown: readonly Series[],
  options: LineOptions,
): Generator<Buffer> {
  out.text(`# HELP ${family.name} ${escapeHelp(family.help)}\n# TYPE ${family.name} ${family.type}\n`);
  yield* writeLines(out, family, shown, options);
}
