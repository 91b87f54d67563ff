/** Every file here that is made and not written. */
import { llm } from './llm.ts';
import { overview } from './overview.ts';
import { resilience } from './resilience.ts';
import { grafanaRules } from './rules.ts';
import { telemetry } from './telemetry.ts';
import { workflows } from './workflows.ts';

/** The dashboards, in the order in which they are read. */
const dashboards = [overview, workflows, resilience, llm, telemetry];

const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`;

/**
 * Content by path, from this folder.
 *
 * @param alerts the text of ../prometheus/rules/alerts.yml
 */
export function generated(alerts: string): ReadonlyMap<string, string> {
  return new Map([
    ...dashboards.map((each) => [`dashboards/${each.uid}.json`, json(each)] as const),
    ['alerting/rules.json', json(grafanaRules(alerts))],
  ]);
}
