/** The table of faults, as Markdown: what was told of each, when, with which words, and when that was over. */
import { writeFileSync } from 'node:fs';
import type { Labels, Notification } from '../../../support/webhook.ts';
import type { Expectations } from './fault.ts';

/** One alert, from its first message to its last. */
export interface ToldAlert {
  readonly labels: Labels;
  readonly description: string;
  readonly firedAtMs: number;
  readonly resolvedAtMs: number | undefined;
}

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

/** Every alert of these notifications that `concerns` the fault, with the times of its first and last message. */
export function toldAlerts(notifications: readonly Notification[], concerns: (labels: Labels) => boolean): ToldAlert[] {
  const found = new Map<string, ToldAlert>();
  for (const { alerts, atMs } of notifications) {
    for (const { labels, annotations, status } of alerts) {
      if (!concerns(labels)) continue;
      const key = JSON.stringify(labels);
      const known = found.get(key);
      const { description = '' } = annotations;
      if (known !== undefined) {
        found.set(key, { ...known, resolvedAtMs: status === 'resolved' ? atMs : undefined });
      } else if (status === 'firing') {
        found.set(key, { labels, description, firedAtMs: atMs, resolvedAtMs: undefined });
      }
    }
  }
  return [...found.values()];
}

/** What is told of nothing that is known, one line each. The watchdog is always told. */
export function unclaimed(
  notifications: readonly Notification[],
  claims: readonly ((labels: Labels) => boolean)[],
): string[] {
  const isKnown = (labels: Labels) => labels.alertname === 'TTAWatchdog' || claims.some((concerns) => concerns(labels));
  return toldAlerts(notifications, (labels) => !isKnown(labels)).map(
    ({ labels, description }) => `${JSON.stringify(labels)}: ${description}`,
  );
}

const minutes = (ms: number) => `${(ms / 60_000).toFixed(1)} min`;

/** Every alert of a row: who is woken first, then the order of the messages. */
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
  };
}
