/** The resource of spans, and that of metrics: the attributes that name the service. */
import type { Attributes } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { ATTR } from '../telemetry/semconv.ts';
import type { Sdk } from './packages.ts';
import type { Settings } from './settings.ts';
import type { TracesSettings } from './traces-settings.ts';

export function resourceOf({ resources }: Sdk, { serviceName, resourceAttributes }: Settings): Resource {
  const own = resources.resourceFromAttributes({ ...resourceAttributes, 'service.name': serviceName });
  return resources.defaultResource().merge(own);
}

/** The resource of spans: where only a share of the traces is sent, it says so, because nothing else of a span does. */
export function tracesResourceOf(sdk: Sdk, settings: Settings, { sampler, sampleRatio }: TracesSettings): Resource {
  const resource = resourceOf(sdk, settings);
  const isShare = sampler.endsWith('traceidratio') && sampleRatio < 1;
  return isShare
    ? resource.merge(sdk.resources.resourceFromAttributes({ [ATTR.samplingRatio]: sampleRatio }))
    : resource;
}

/** The resource of metrics: with the `job` of every series. */
export function metricsResourceOf({ resources }: Sdk, settings: Settings, resource: Resource): Resource {
  const job: Attributes = settings.jobLabel ? { job: settings.serviceName } : {};
  return resources.resourceFromAttributes({ ...resource.attributes, ...job });
}
