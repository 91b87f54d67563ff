/** Every file here that is made and not written. */
import { llm } from './llm.ts';
import { overview } from './overview.ts';
import { resilience } from './resilience.ts';
import { telemetry } from './telemetry.ts';
import { workflows } from './workflows.ts';

/** The dashboards, in the order in which they are read. */
export const dashboards = [overview, workflows, resilience, llm, telemetry];

/** Content by path, from this folder. */
export function generated(): ReadonlyMap<string, string> {
  return new Map(dashboards.map((each) => [`dashboards/${each.uid}.json`, `${JSON.stringify(each, null, 2)}\n`]));
}
