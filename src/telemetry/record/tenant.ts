/** Dollars by tenant. The number of tenants in the metrics is limited: a program may have millions of them. */
import { copyText } from '../../platform/copy-text.ts';
import { processWide } from '../../platform/process-wide.ts';
import { labelValue } from '../label-sets.ts';
import { ATTR, INSTRUMENT, NO_TENANT, OTHER } from '../semconv.ts';
import { type Series, SeriesTable } from '../series-table.ts';

const costs = new SeriesTable(INSTRUMENT.tenantCost, 'counter', { unit: '{USD}' }, [ATTR.tenant]);
const none = costs.series(NO_TENANT);
const tenants = processWide('tenants', () => ({ known: new Set<string>(), max: 100 }));

/** The dollars of a tenant. The first tenants keep their names for the life of the process. */
export function tenantCost(tenant: string | undefined): Series {
  if (tenant === undefined) return none;
  const name = labelValue(tenant);
  if (!tenants.known.has(name)) {
    if (tenants.known.size >= tenants.max) return costs.series(OTHER);
    tenants.known.add(copyText(name));
  }
  return costs.series(name);
}

/** How many tenants keep their names from now on: 100 until this is called. A tenant that has its name keeps it. */
export function setMaxTenants(max: number): void {
  tenants.max = max;
}
