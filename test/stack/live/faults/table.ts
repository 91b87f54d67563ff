/** The table of faults, as Markdown: what was told of each, when, with which words, and when that was over. */
import { writeFileSync } from 'node:fs';
import type { Expectations } from './fault.ts';
import type { ToldAlert } from './told.ts';

export interface Row {
  readonly fault: Expectations;
  /** What was told before the fault. */
  readonly early: readonly ToldAlert[];
  readonly alerts: readonly ToldAlert[];
  readonly beganAtMs: number;
  readonly mendedAtMs: number;
  /** What is not as it should be, one sentence each. */
  readonly problems: readonly string[];
}

const minutes = (ms: number) => `${(ms / 60_000).toFixed(1)} min`;

/** What was told of a fault, when, with which words, and when that was over, in the order of the messages. */
function cells({ alerts, beganAtMs, mendedAtMs }: Row): string[] {
  if (alerts.length === 0) return ['nothing', '', '', ''];
  const sorted = alerts.toSorted((one, other) => one.firedAtMs - other.firedAtMs);
  const join = (cell: (alert: ToldAlert) => string) => sorted.map(cell).join('<br>');
  return [
    join(({ labels }) => [labels.alertname, labels.window, `(${labels.severity})`].filter(Boolean).join(' ')),
    join(({ firedAtMs }) => minutes(firedAtMs - beganAtMs)),
    join(({ description }) => description),
    join(({ resolvedAtMs }) => (resolvedAtMs === undefined ? 'not yet' : minutes(resolvedAtMs - mendedAtMs))),
  ];
}

const lineOf = (row: Row) =>
  `| ${[row.fault.fault, ...cells(row), row.problems.join('; ') || 'as it should be'].join(' | ')} |`;

function table(rows: readonly Row[]): string {
  const sorted = rows.toSorted((one, other) => one.fault.fault.localeCompare(other.fault.fault));
  return [
    '| fault | what was told | after | the text | resolved after the mend | |',
    '|---|---|---|---|---|---|',
    ...sorted.map(lineOf),
  ].join('\n');
}

export interface Table {
  add(row: Row): void;
  rowOf(fault: Expectations): Row | undefined;
  /** The row in one text, for the table of `.ci/deep`. */
  figureOf(fault: Expectations): string;
}

/** Prints each row as it comes, and keeps the whole table in a file. @param file @default none */
export function startTable(file: string | undefined): Table {
  const rows = new Map<Expectations, Row>();
  return {
    add(row) {
      rows.set(row.fault, row);
      console.log(`${rows.size}: ${lineOf(row)}`);
      if (file !== undefined) writeFileSync(file, `${table([...rows.values()])}\n`);
    },
    rowOf: (fault) => rows.get(fault),
    figureOf(fault) {
      const row = rows.get(fault);
      return row === undefined ? '' : cells(row).filter(Boolean).join('; ');
    },
  };
}
