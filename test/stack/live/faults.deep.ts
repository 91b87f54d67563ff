/**
 * Faults of applications in the live stack, all at the same time, each in a service of its own: what is told of it, with
 * which words, after how long, and when that is over. Every interval, `for` and wait is as shipped, so this takes 50
 * minutes. Its table goes to the file that TTA_FAULT_TABLE names.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withoutExample } from './faults/application.ts';
import type { ApplicationFault } from './faults/application-fault.ts';
import { MONEY_FAULTS } from './faults/money-faults.ts';
import { NO_FAULTS } from './faults/no-faults.ts';
import { concernsOf, observeApplication } from './faults/observe.ts';
import { QUEUE_FAULTS } from './faults/queue-faults.ts';
import { SERVICE_FAULTS } from './faults/service-faults.ts';
import { startTable } from './faults/table.ts';
import { TELEMETRY_FAULTS } from './faults/telemetry-faults.ts';
import { unclaimed } from './faults/told.ts';
import { WORK_FAULTS } from './faults/work-faults.ts';
import { type LiveStack, liveComponents, startLiveStack } from './live-stack.ts';

const ALL = [
  ...[...WORK_FAULTS, ...SERVICE_FAULTS, ...QUEUE_FAULTS],
  ...[...MONEY_FAULTS, ...TELEMETRY_FAULTS, ...NO_FAULTS],
];
/** TTA_FAULTS is an expression for the jobs of those that are wanted. */
const FAULTS: readonly ApplicationFault[] = ALL.filter(({ job }) => new RegExp(process.env.TTA_FAULTS ?? '').test(job));

describe.skipIf(liveComponents() === undefined)('a fault of an application', () => {
  let stack: LiveStack;
  let rest: string[] = [];
  const table = startTable(process.env.TTA_FAULT_TABLE);

  beforeAll(async () => {
    stack = await startLiveStack({
      setup: 'gateway',
      prometheus: 'prometheus',
      applications: [],
      edit: withoutExample,
    });
    await Promise.all(
      FAULTS.map(async (fault, i) => {
        // Half a minute for all of them to start: two processors start two programs a second.
        await pause(i * 600);
        table.add(await observeApplication(stack, fault));
      }),
    );
    rest = unclaimed(stack.alertmanager.notifications, FAULTS.map(concernsOf));
  }, 60 * 60_000);
  afterAll(() => stack?.stop(), 60_000);

  it.for(FAULTS)('$job: $fault', (fault, { task }) => {
    Object.assign(task.meta, { figure: table.figureOf(fault) });
    expect(table.rowOf(fault)?.problems).toEqual([]);
  });

  it('nothing else is told', () => expect(rest).toEqual([]));
});
