/** Who is speaking: the resource of spans, and that of metrics. */
import type { Attributes } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { Sdk } from './packages.ts';
import type { Settings } from './settings.ts';
import { warn } from './warn.ts';

export function resourceOf({ resources }: Sdk, { serviceName, resourceAttributes }: Settings): Resource {
  const own = resources.resourceFromAttributes({ ...resourceAttributes, 'service.name': serviceName });
  return resources.defaultResource().merge(own);
}

/** The same, with the `job` that every series carries, and without what would make two labels of one name. */
export function metricsResourceOf({ resources }: Sdk, settings: Settings, resource: Resource): Resource {
  const job: Attributes = settings.jobLabel ? { job: settings.serviceName } : {};
  // First, so that they are the ones that stay; and last, so that theirs is the value.
  const first = { 'service.name': settings.serviceName, ...job };
  return resources.resourceFromAttributes(asLabels({ ...first, ...resource.attributes, ...job }));
}

/**
 * Prometheus refuses a whole scrape for one label that is doubled or starts with a digit. The exporter writes every
 * character but letters, digits and _ as _, so two attributes can end as one label: the first stays.
 */
function asLabels(attributes: Attributes): Attributes {
  const taken = new Set<string>();
  const kept = Object.entries(attributes).filter(([key]) => {
    const label = key.replace(/[^a-z0-9_]/gi, '_').replace(/_{2,}/g, '_');
    const usable = /^[a-z_]/i.test(label) && !taken.has(label);
    if (!usable) warn(`Resource attribute ${JSON.stringify(key)} cannot be the label ${label}; metrics go without it`);
    taken.add(label);
    return usable;
  });
  return Object.fromEntries(kept);
}
