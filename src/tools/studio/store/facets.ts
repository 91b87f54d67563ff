import type { FacetsAnswer } from '../api.ts';
import type { Database } from './database.ts';
import { type Label, MODEL, tagName } from './run-columns.ts';

/** Values of a key. */
export const MAX_VALUES = 200;
export const MAX_LABELS = 2_000;
/** As many of the newest labels are looked through: a tag that has another value in each run makes millions of them. */
const MAX_READ = 50_000;
const TAG = tagName('');

export function readFacets(database: Database): FacetsAnswer {
  const valuesOf = (column: string) =>
    database
      .prepare(
        `select ${column} as value from run where ${column} is not null and ${column} <> ''
         group by ${column} order by max(id) desc limit ${MAX_VALUES}`,
      )
      .all()
      .map(({ value }) => String(value));
  const labels = database
    .prepare(
      `select name, value from (select name, value, run from label order by run desc limit ${MAX_READ})
       group by name, value order by max(run) desc limit ${MAX_LABELS}`,
    )
    .all()
    .map(({ name, value }) => ({ name: String(name), value: String(value) }));
  const others = database.prepare("select count(*) as n from run where kind = 'other'").get()?.n;
  return facetsOf({
    ...{ workflows: valuesOf('workflow'), services: valuesOf('service'), tenants: valuesOf('tenant') },
    ...{ labels, others: Number(others ?? 0) },
  });
}

type Values = Pick<FacetsAnswer, 'workflows' | 'services' | 'tenants' | 'others'>;

/** @param labels those of the newest runs first */
export function facetsOf({ labels, ...values }: Values & { labels: readonly Label[] }): FacetsAnswer {
  const byName = new Map<string, string[]>();
  for (const { name, value } of labels) {
    const found = byName.get(name);
    if (found === undefined) byName.set(name, [value]);
    else if (found.length < MAX_VALUES) found.push(value);
  }
  const tags = [...byName].filter(([name]) => name.startsWith(TAG));
  return {
    ...values,
    models: byName.get(MODEL) ?? [],
    tags: Object.fromEntries(tags.map(([name, found]) => [name.slice(TAG.length), found])),
  };
}
