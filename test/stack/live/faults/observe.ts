/** Lets one fault begin and end in a live stack, and gives what was told of it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Labels, Notification } from '../../../support/webhook.ts';
import type { LiveStack } from '../live-stack.ts';
import { startApplication } from './application.ts';
import type { ApplicationFault } from './application-fault.ts';
import type { Expectations } from './fault.ts';
import { problemsOf } from './problems.ts';
import type { Row } from './table.ts';
import { type ToldAlert, toldAlerts } from './told.ts';

const MINUTE = 60_000;

/** Minutes without a fault, in which nothing may be told, so that windows of 5 minutes are half full. */
export const HEALTHY_MS = 3 * MINUTE;

/** Waits until it is true, or the time is over. */
async function until(isTrue: () => boolean, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!isTrue() && Date.now() < deadline) await pause(1_000);
}

export interface Episode {
  /** Everything that arrived up to now. */
  notifications(): readonly Notification[];
  /** Whether an alert is about the fault. */
  concerns(labels: Labels): boolean;
  inject(): unknown;
  mend(): unknown;
}

/** Injects the fault, waits for what has to be told, mends it, and waits until that is over. */
export async function observe(fault: Expectations, episode: Episode): Promise<Row> {
  const { raises, withinMinutes = 12, lastsMinutes = 10, resolvedWithinMinutes = 35 } = fault;
  const beganAtMs = Date.now();
  const told = () =>
    toldAlerts(episode.notifications(), episode.concerns).filter(
      // What was over before is of an earlier fault.
      ({ resolvedAtMs = Number.POSITIVE_INFINITY }) => resolvedAtMs > beganAtMs,
    );
  const isTold = (alert: string) => told().some(({ labels }) => labels.alertname === alert);
  const isOver = ({ resolvedAtMs }: ToldAlert) => resolvedAtMs !== undefined;

  const early = told();
  await episode.inject();
  await until(() => Object.keys(raises).every(isTold), withinMinutes * MINUTE);
  await until(() => false, beganAtMs + lastsMinutes * MINUTE - Date.now());

  const mendedAtMs = Date.now();
  await episode.mend();
  if (resolvedWithinMinutes !== 'never') await until(() => told().every(isOver), resolvedWithinMinutes * MINUTE);
  const seen = { fault, early, alerts: told(), beganAtMs, mendedAtMs };
  return { ...seen, problems: problemsOf(seen) };
}

/** Whether an alert is about the application of a fault. */
export function concernsOf({ job, labels = {}, alsoConcerns = () => false }: ApplicationFault) {
  const { cluster, namespace } = labels;
  return (alert: Labels): boolean =>
    (alert.job === job && alert.cluster === cluster && alert.namespace === namespace) || alsoConcerns(alert);
}

/** `observe` for the fault of an application, which is started for it and stopped. */
export async function observeApplication(stack: LiveStack, fault: ApplicationFault): Promise<Row> {
  const { fromTheStart = false } = fault;
  const application = await startApplication(stack, fault);
  if (!fromTheStart) await pause(HEALTHY_MS);
  const toggle = () => application.toggle();
  const { inject = fromTheStart ? () => {} : toggle, mend = toggle } = fault;
  const row = await observe(fault, {
    notifications: () => stack.alertmanager.notifications,
    concerns: concernsOf(fault),
    inject: () => inject(application),
    mend: () => mend(application),
  });
  await application.stop();
  return row;
}
