/** The resource of spans, and that of metrics: the attributes that name the service. */
import type { Attributes } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { Sdk } from './packages.ts';
import type { Settings } from './settings.ts';

export function resourceOf({ resources }: Sdk, { serviceName, resourceAttributes }: Settings): Resource {
  const own = resources.resourceFromAttributes({ ...resourceAttributes, 'service.name': serviceName });
  return resources.defaultResource().merge(own);
}

/** The resource of metrics: with the `job` of every series. */
export function metricsResourceOf({ resources }: Sdk, settings: Settings, resource: Resource): Resource {
  const job: Attributes = settings.jobLabel ? { job: settings.serviceName } : {};
  return resources.resourceFromAttributes({ ...resource.attributes, ...job });
}
