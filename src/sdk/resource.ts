/** The resource of spans, and that of metrics: the attributes that name the service. */
import type { Attributes } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { Sdk } from './packages.ts';
import type { Settings } from './settings.ts';
import { warn } from './warn.ts';

export function resourceOf({ resources }: Sdk, { serviceName, resourceAttributes }: Settings): Resource {
  const own = resources.resourceFromAttributes({ ...resourceAttributes, 'service.name': serviceName });
  return resources.defaultResource().merge(own);
}

/** The resource of metrics: with the `job` of every series, and without attributes that would become the same label. */
export function metricsResourceOf({ resources }: Sdk, settings: Settings, resource: Resource): Resource {
  const job: Attributes = settings.jobLabel ? { job: settings.serviceName } : {};
  // First, so that they are kept when two attributes become one label; and last, so that their values are used.
  const first = { 'service.name': settings.serviceName, ...job };
  return resources.resourceFromAttributes(asLabels({ ...first, ...resource.attributes, ...job }));
}

/**
 * Prometheus refuses a whole scrape when a label occurs twice or starts with a digit. The exporter writes every
 * character but letters, digits and _ as _, so two attributes can become one label: the first is kept.
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
