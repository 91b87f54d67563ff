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
import { type MonitoringFault, monitoringFaults, startGrafana, watch } from './faults/monitoring-faults.ts';
import { HEALTHY_MS, observe } from './faults/observe.ts';
import { startTable, unclaimed } from './faults/table.ts';
import { type LiveStack, liveComponents, startLiveStack } from './live-stack.ts';

describe.skipIf(liveComponents() === undefined)('a fault of the stack', () => {
  const stacks: LiveStack[] = [];
  const table = startTable(process.env.TTA_STACK_FAULT_TABLE);
  const performed: MonitoringFault[] = [];
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

    const perform = async (fault: MonitoringFault) => {
      claims.push(fault.concerns);
      performed.push(fault);
      table.add(await observe(fault, { notifications, ...fault }));
    };
    const grafana = await startGrafana(watching);
    const { atTheSameTime, oneAfterTheOther } = monitoringFaults(watching, watched, grafana);
    const programs = async () => {
      await pause(HEALTHY_MS);
      await Promise.all([
        ...atTheSameTime.map(perform),
        (async () => {
          for (const fault of oneAfterTheOther) await perform(fault);
        })(),
      ]);
    };
    await Promise.all([...collectors, programs()]);

    rest = unclaimed(notifications(), claims);
  }, 60 * 60_000);

  afterAll(async () => {
    for (const stack of stacks) await stack.stop();
    for (const { clean } of COLLECTOR_FAULTS) await clean?.(stacks[0] as LiveStack);
  }, 120_000);

  it.each(COLLECTOR_FAULTS)('$fault', (fault) => {
    expect(table.rowOf(fault)?.problems).toEqual([]);
  });

  it('the faults of what watches are told too', () => {
    expect(performed.length).toBeGreaterThan(5);
    expect(performed.filter((fault) => table.rowOf(fault)?.problems.length !== 0)).toEqual([]);
  });

  it('nothing else is told', () => expect(rest).toEqual([]));
});
