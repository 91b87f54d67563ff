/** Lets a live stack run for a while, with or without chaos, and collects everything that a person would be told. */
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../support/free-port.ts';
import type { ActiveAlert, EvaluatedRule } from '../../support/prometheus-api.ts';
import type { Notification } from '../../support/webhook.ts';
import { type AlertEpisode, type LiveStack, type LiveStackOptions, startLiveStack } from './live-stack.ts';
import { type MainJob, startMainJob } from './main-job.ts';
import { startOrdinaryService } from './ordinary-service.ts';

export interface HealthyRunOptions extends Pick<LiveStackOptions, 'setup' | 'prometheus'> {
  readonly chaos: boolean;
  readonly minutes: number;
}

export interface HealthyRun {
  readonly stack: LiveStack;
  /** In seconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly episodes: readonly AlertEpisode[];
  /** What was firing at one of the looks, with its text; each alert once. */
  readonly told: readonly ActiveAlert[];
  readonly notifications: readonly Notification[];
  /** Evaluations of rules that failed, at any of the looks. */
  readonly failedRules: readonly EvaluatedRule[];
}

export const titleOf = ({ setup, prometheus, chaos }: HealthyRunOptions) =>
  `${setup}, ${prometheus}, ${chaos ? 'with' : 'without'} chaos`;

const LOOK_EVERY_MS = 15_000;

/** The stack goes on after the run: the test asks it more, and stops it. */
export async function runHealthy(options: HealthyRunOptions, stacks: LiveStack[]): Promise<HealthyRun> {
  const { chaos, minutes } = options;
  const ports = await Promise.all([freePort(), freePort(), freePort(), freePort(), freePort()]);
  const [port, ...servicePorts] = ports as [number, ...number[]];
  const stack = await startLiveStack({
    ...options,
    applications: chaos ? [port] : [port, ...servicePorts.slice(0, 3)],
  });
  stacks.push(stack);
  const job = await startMainJob(stack, { port, chaos });
  const life = chaos ? [] : await ordinaryLife(stack, job, servicePorts as [number, number, number, number]);
  const from = Date.now() / 1_000;

  const told = new Map<string, ActiveAlert>();
  const failedRules = new Map<string, EvaluatedRule>();
  for (let look = 0; look * LOOK_EVERY_MS < minutes * 60_000; look += 1) {
    const begun = Date.now();
    const minute = (look * LOOK_EVERY_MS) / 60_000;
    for (const event of life.filter(({ at }) => at === minute)) await event.happens();
    if (Number.isInteger(minute)) await job.change(minute % 12);
    for (const alert of await stack.prometheus.alerts())
      if (alert.state === 'firing') told.set(JSON.stringify(alert.labels), alert);
    for (const rule of await stack.prometheus.rules()) if (rule.health === 'err') failedRules.set(rule.query, rule);
    if (Number.isInteger(minute)) report(options, minute, [...told.values()]);
    await pause(Math.max(0, begun + LOOK_EVERY_MS - Date.now()));
  }
  const to = Date.now() / 1_000;
  return {
    ...{ stack, from, to },
    episodes: await stack.alertHistory(from, to),
    told: [...told.values()],
    notifications: [...stack.alertmanager.notifications],
    failedRules: [...failedRules.values()],
  };
}

interface LifeEvent {
  /** Minutes after the start. */
  readonly at: number;
  happens(): Promise<void>;
}

/** What happens in every week of a healthy service and is no reason to tell a person. */
async function ordinaryLife(
  stack: LiveStack,
  job: MainJob,
  [first, second, late, idle]: readonly [number, number, number, number],
): Promise<readonly LifeEvent[]> {
  await startOrdinaryService(stack, { name: 'shop-1', service: 'shop', port: first });
  const shop = await startOrdinaryService(stack, { name: 'shop-2', service: 'shop', port: second });
  await startOrdinaryService(stack, { name: 'late', service: 'late', port: late, firstUserAfter: 14 * 60 });
  await startOrdinaryService(stack, { name: 'idle', service: 'idle', port: idle, firstUserAfter: 'never' });
  await stack.addApplication(idle, { cluster: 'east', namespace: 'staging' });
  const restart = async (program: { stop(): Promise<void>; start(): Promise<void> }) => {
    await program.stop();
    await pause(3_000);
    await program.start();
  };
  let third = 0;
  let added: { stop(): Promise<void> } | undefined;
  return [
    // A release, and its correction.
    { at: 8, happens: () => restart(job.program) },
    { at: 10, happens: () => restart(job.program) },
    ...stack.collectors.map((collector, i) => ({ at: 18 + 2 * i, happens: () => restart(collector) })),
    { at: 24, happens: () => restart(shop) },
    { at: 28, happens: () => stack.prometheus.reload() },
    {
      at: 30,
      async happens() {
        third = await freePort();
        added = await startOrdinaryService(stack, { name: 'shop-3', service: 'shop', port: third });
        await stack.addApplication(third);
      },
    },
    { at: 34, happens: () => restart(stack.prometheus) },
    { at: 36, happens: () => restart(stack.alertmanager) },
    {
      at: 38,
      async happens() {
        await stack.removeApplication(third);
        await added?.stop();
      },
    },
  ];
}

function report(options: HealthyRunOptions, minute: number, told: readonly ActiveAlert[]): void {
  const names = [...new Set(told.map(({ labels }) => labels.alertname))];
  process.stderr.write(`${titleOf(options)}: minute ${minute}, fired so far: ${names.join(', ') || 'nothing'}\n`);
}
