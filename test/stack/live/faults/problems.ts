import type { Told } from './fault.ts';
import type { Row } from './table.ts';
import type { ToldAlert } from './told.ts';

/** What is not as a fault expects it, one sentence each. */
export function problemsOf({ fault, early, alerts, beganAtMs }: Omit<Row, 'problems'>): string[] {
  const { raises, mayRaise = {}, resolvedWithinMinutes } = fault;
  const nameOf = ({ labels }: ToldAlert) => labels.alertname as string;
  const names = alerts.map(nameOf);

  const wrong = (alert: ToldAlert): string | undefined => {
    const says = raises[nameOf(alert)];
    const { labels, description } = alert;
    if (says instanceof RegExp) return says.test(description) ? undefined : `says: ${description}`;
    const told: Told = { labels, description, afterSeconds: (alert.firedAtMs - beganAtMs) / 1_000 };
    try {
      says?.(told);
    } catch (error) {
      return (error as Error).message;
    }
    return undefined;
  };

  return [
    ...early.map((alert) => `${nameOf(alert)} was told before the fault`),
    ...Object.keys(raises)
      .filter((name) => !names.includes(name))
      .map((name) => `${name} was not told`),
    ...alerts
      .filter((alert) => !(nameOf(alert) in raises) && !(nameOf(alert) in mayRaise))
      .map((alert) => `${nameOf(alert)} was told`),
    ...alerts.flatMap((alert) => {
      const problem = wrong(alert);
      return problem === undefined ? [] : [`${nameOf(alert)}: ${problem}`];
    }),
    ...alerts
      .filter(({ resolvedAtMs }) => resolvedAtMs === undefined && resolvedWithinMinutes !== 'never')
      .map((alert) => `${nameOf(alert)} did not end`),
  ];
}
