/**
 * Faults of the operations stack itself: collectors, trace store, Prometheus and Alertmanager. One stack watches all of
 * them: its own programs, more collectors, and the Prometheus and the Alertmanager of a second stack. Every interval, `for`
 * and wait is as shipped. Its table goes to the file that TTA_STACK_FAULT_TABLE names.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApplication, withoutExample } from './faults/application.ts';
import { COLLECTOR_FAULTS, startFaultyCollector } from './faults/collector-faults.ts';
import { addTargets, ORDERS, type WatchedCollector } from './faults/collectors.ts';
import type { Expectations } from './faults/fault.ts';
import {
  AT_THE_SAME_TIME,
  type MonitoringFault,
  ONE_AFTER_THE_OTHER,
  startGrafana,
  watch,
} from './faults/monitoring-faults.ts';
import { HEALTHY_MS, observe } from './faults/observe.ts';
import { startTable } from './faults/table.ts';
import { unclaimed } from './faults/told.ts';
import { type LiveStack, liveComponents, startLiveStack } from './live-stack.ts';

describe.skipIf(liveComponents() === undefined)('a fault of the stack', () => {
  const stacks: LiveStack[] = [];
  const table = startTable(process.env.TTA_STACK_FAULT_TABLE);
  let rest: string[] = [];

  beforeAll(async () => {
    const watching = await startLiveStack({
      setup: 'gateway',
      prometheus: 'prometheus',
      applications: [],
      edit: withoutExample,
    });
    stacks.push(watching);
    const watched = await startLiveStack({
      setup: 'laptop',
      prometheus: 'prometheus-3',
      applications: [],
      edit: withoutExample,
    });
    stacks.push(watched);
    await watch(watching, watched);
    const notifications = () => watching.alertmanager.notifications;
    // Spans go through the gateway and the sampler to Jaeger.
    await startApplication(watching, { job: 'tta-orders', program: ORDERS, fault: '', raises: {} });
    const claims: ((labels: Readonly<Record<string, string>>) => boolean)[] = [];

    const watchedCollectors: WatchedCollector[] = [];
    for (const fault of COLLECTOR_FAULTS) watchedCollectors.push(await startFaultyCollector(watching, fault));
    await addTargets(
      watching,
      'otel-collector',
      watchedCollectors.map(({ instance }) => instance),
    );
    const collectors = COLLECTOR_FAULTS.map(async (fault, i) => {
      const own = watchedCollectors[i] as WatchedCollector;
      const concerns: (typeof claims)[number] = ({ job, instance }) => instance === own.instance || job === own.job;
      claims.push(concerns);
      await pause(HEALTHY_MS);
      const [inject, mend] = [() => fault.inject(own), () => fault.mend(own)];
      table.add(await observe(fault, { notifications, concerns, inject, mend }));
    });

    const stage = { watching, watched, grafana: await startGrafana(watching) };
    const perform = async (fault: MonitoringFault) => {
      const concerns: (typeof claims)[number] = (labels) => fault.concerns(labels, stage);
      claims.push(concerns);
      const [inject, mend] = [() => fault.inject(stage), () => fault.mend(stage)];
      table.add(await observe(fault, { notifications, concerns, inject, mend }));
    };
    const oneAfterTheOther = async () => {
      for (const fault of ONE_AFTER_THE_OTHER) await perform(fault);
    };
    const programs = async () => {
      await pause(HEALTHY_MS);
      await Promise.all([...AT_THE_SAME_TIME.map(perform), oneAfterTheOther()]);
    };
    await Promise.all([...collectors, programs()]);

    rest = unclaimed(notifications(), claims);
  }, 60 * 60_000);

  afterAll(async () => {
    for (const { clean } of COLLECTOR_FAULTS) if (stacks[0]) await clean?.(stacks[0]);
    for (const stack of stacks) await stack.stop();
  }, 120_000);

  const faults: readonly Expectations[] = [...COLLECTOR_FAULTS, ...AT_THE_SAME_TIME, ...ONE_AFTER_THE_OTHER];
  it.for(faults)('$fault', (fault, { task }) => {
    Object.assign(task.meta, { figure: table.figureOf(fault) });
    expect(table.rowOf(fault)?.problems).toEqual([]);
  });

  it('nothing else is told', () => expect(rest).toEqual([]));
});
