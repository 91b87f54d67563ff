/** From a series to the runs behind it. */
import { writeFilter } from '../model/filter.ts';
import { RUN_STATUSES, type RunStatus } from '../model/run.ts';

/**
 * The parameters of an address that shows the runs of a series; `null` where the spans do not tell them.
 *
 * @param status the outcomes of the runs, with commas
 */
export function filterOf(labels: Readonly<Record<string, string>>, status?: string): string | null {
  const { workflow_name: workflow, model, tenant, outcome, primitive_name: text, ...others } = labels;
  // __none__ and __other__ stand for several, or for none.
  if (Object.values(labels).some((value) => value.startsWith('__'))) return null;
  const { provider: _, primitive_type: type, ...unknown } = others;
  if (Object.keys(unknown).length > 0 || (type !== undefined && text === undefined)) return null;
  const asked = (status ?? outcome)?.split(',');
  const statuses = RUN_STATUSES.filter((each: RunStatus) => asked?.includes(each));
  if (asked !== undefined && statuses.length === 0) return null;
  return writeFilter({
    ...(workflow === undefined ? {} : { workflow }),
    ...(model === undefined ? {} : { model }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(text === undefined ? {} : { text }),
    ...(statuses.length === 0 ? {} : { status: statuses }),
  }).toString();
}
