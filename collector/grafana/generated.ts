/** The files of this folder that are generated. */
import { llm } from './llm.ts';
import { overview } from './overview.ts';
import { queues } from './queues.ts';
import { resilience } from './resilience.ts';
import { grafanaRules } from './rules.ts';
import { telemetry } from './telemetry.ts';
import { workflows } from './workflows.ts';

/** In the order in which they should be read. */
const dashboards = [overview, workflows, resilience, llm, queues, telemetry];

const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`;

/**
 * The contents of the generated files by path. The paths are relative to this folder.
 *
 * @param alerts the text of ../prometheus/rules/alerts.yml
 */
export function generatedFiles(alerts: string): ReadonlyMap<string, string> {
  return new Map([
    ...dashboards.map((each) => [`dashboards/${each.uid}.json`, json(each)] as const),
    ['alerting/rules.json', json(grafanaRules(alerts))],
  ]);
}
