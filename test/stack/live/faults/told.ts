/** What the notifications of an Alertmanager told, alert by alert. */
import type { Labels, Notification } from '../../../support/webhook.ts';

/** One alert, from its first message to its last. */
export interface ToldAlert {
  readonly labels: Labels;
  readonly description: string;
  readonly firedAtMs: number;
  readonly resolvedAtMs: number | undefined;
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
