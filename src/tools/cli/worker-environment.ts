import { randomUUID } from 'node:crypto';

export interface WorkerPlace {
  /** The port of its metrics; 0 for any free one. */
  readonly port: number;
  /** The address that its metrics listen on. @default as the environment says */
  readonly host?: string | undefined;
  /** Whether it says what it observes, as a single program does. @default false */
  readonly isFirst?: boolean;
}

/** Each worker has an endpoint and an instance of its own, also where the environment loads the SDK into every program. */
export function workerEnvironment({ port, host, isFirst = false }: WorkerPlace): NodeJS.ProcessEnv {
  const { env } = process;
  const attributes = env.OTEL_RESOURCE_ATTRIBUTES?.split(',') ?? [];
  const kept = attributes.filter((each) => each.trim() !== '' && !/^\s*service\.instance\.id\s*=/.test(each));
  return {
    ...(isFirst ? {} : { TTA_MODEL_CALLS: 'known' }),
    ...env,
    OTEL_EXPORTER_PROMETHEUS_PORT: `${port}`,
    ...(host === undefined ? {} : { OTEL_EXPORTER_PROMETHEUS_HOST: host }),
    OTEL_RESOURCE_ATTRIBUTES: [...kept, `service.instance.id=${randomUUID()}`].join(','),
  };
}
