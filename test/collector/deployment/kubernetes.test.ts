import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import {
  PodMonitor,
  PrometheusRule,
  ServiceMonitor,
} from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import { describe, expect, it } from 'vitest';
import { component } from '../../support/component.ts';
import { collectorPath, collectorText, documents, runCommand } from '../../support/deployment.ts';
import { metricsIn, recordingRules } from '../../support/rules.ts';
import { tempFolder } from '../../support/temp-folder.ts';

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Record<string, unknown>;
}

interface WorkerSpec {
  readonly template: {
    readonly spec: {
      readonly terminationGracePeriodSeconds: number;
      readonly containers: readonly [{ readonly args: readonly string[] }];
    };
  };
}

interface Behavior {
  readonly scaleDown: { readonly stabilizationWindowSeconds: number };
}

interface Scaled {
  readonly minReplicaCount: number;
  readonly maxReplicaCount: number;
  readonly cooldownPeriod: number;
  readonly advanced: { readonly horizontalPodAutoscalerConfig: { readonly behavior: Behavior } };
  readonly triggers: readonly [{ readonly metadata: Readonly<Record<'query' | 'threshold', string>> }];
}

interface Autoscaled {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly behavior: Behavior;
  readonly metrics: readonly [
    {
      readonly external: {
        readonly metric: { readonly name: string; readonly selector: { readonly matchLabels: { queue_name: string } } };
        readonly target: { readonly averageValue: string };
      };
    },
  ];
}

type Model = new (data: never) => { validate(): void };

const MODELS: Readonly<Record<string, Model>> = { PodMonitor, PrometheusRule, ScaledObject, ServiceMonitor };
const validator = component('kubernetes-validate');
const promtool = component('promtool');
const FILES = readdirSync(collectorPath('kubernetes')).filter((name) => name.endsWith('.yaml'));
const OPERATOR = 'monitoring.coreos.com/v1';
const KEDA = 'keda.sh/v1alpha1';
/** The packages with the types of kinds that are not of Kubernetes itself. */
const TYPES: Readonly<Record<string, string>> = {
  [OPERATOR]: `@kubernetes-models/prometheus-operator/${OPERATOR}`,
  [KEDA]: `@kubernetes-models/keda/${KEDA}`,
};
const manifests = FILES.flatMap((file) =>
  documents<Manifest>(collectorText(`kubernetes/${file}`)).map((manifest) => ({ file, manifest })),
);
const rules = documents<Manifest>(runCommand('sh', [collectorPath('kubernetes/prometheus-rules.sh')]).output);

describe.skipIf(validator === undefined)('the manifests with kinds of Kubernetes itself', () => {
  const isOther = (name: string) =>
    Object.keys(TYPES).some((kind) => collectorText(`kubernetes/${name}`).includes(kind));
  const files = FILES.filter((name) => !isOther(name));
  const validate = (path: string, version: string) =>
    runCommand(validator as string, ['--strict', '--kubernetes-version', version, path]);

  // Releases of about three years. The last one is the newest that the validator has.
  it.each(['1.29', '1.33', '1.37'])(
    'follow the published schemas of Kubernetes %s, without unknown fields',
    (version) => {
      expect(files.length).toBeGreaterThan(3);
      for (const file of files) {
        const { status, output } = validate(collectorPath(`kubernetes/${file}`), version);
        expect(status, output).toBe(0);
        expect(output.match(/ passed for resource /g)).toHaveLength(
          documents(collectorText(`kubernetes/${file}`)).length,
        );
      }
    },
  );

  it('the check can fail', () => {
    const bad = collectorText('kubernetes/app.yaml').replace('readOnlyRootFilesystem', 'readOnlyRootFile');
    const { status, output } = validate(join(tempFolder({ 'bad.yaml': bad }), 'bad.yaml'), '1.33');
    expect(output).toContain("'readOnlyRootFile' was unexpected");
    expect(status).not.toBe(0);
  });
});

/** The errors of TypeScript when the manifests have the published types. An unknown field is an error too. */
function typeErrors(all: readonly Manifest[]): string {
  const source = all
    .map(({ kind, ...rest }, i) => {
      const declared = `import('${TYPES[rest.apiVersion]}').I${kind}`;
      return `export const manifest${i}: ${declared} = ${JSON.stringify({ kind, ...rest })};`;
    })
    .join('\n');
  const folder = tempFolder({
    'manifests.ts': source,
    'tsconfig.json': JSON.stringify({
      compilerOptions: {
        strict: true,
        noEmit: true,
        module: 'esnext',
        moduleResolution: 'bundler',
        skipLibCheck: true,
        types: [],
        paths: { '*': [join(collectorPath('../node_modules'), '*')] },
      },
      files: ['manifests.ts'],
    }),
  });
  const tsc = collectorPath('../node_modules/typescript/bin/tsc');
  return spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' }).stdout;
}

describe('the manifests with kinds of the Prometheus Operator and of KEDA', () => {
  const operators = [...manifests.map(({ manifest }) => manifest), ...rules].filter(
    ({ apiVersion }) => apiVersion in TYPES,
  );

  it('are monitors of the applications and the collectors, the rules, and the scale of the workers', () => {
    expect(operators.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort()).toEqual([
      'PodMonitor otelcol',
      'PodMonitor tta-app',
      'PrometheusRule tta-alerts',
      'PrometheusRule tta-recording',
      'ScaledObject tta-worker',
      'ServiceMonitor tta-app',
    ]);
  });

  it('follow the published schemas', () => {
    for (const manifest of operators) {
      const Model = MODELS[manifest.kind] as Model;
      expect(() => new Model(manifest as never).validate(), manifest.metadata.name).not.toThrow();
    }
  });

  it('have no field that the published types lack', () => {
    expect(typeErrors(operators)).toBe('');
  });

  it('the checks can fail', () => {
    const monitor = operators.find(({ kind }) => kind === 'PodMonitor') as Manifest;
    const endpoints = monitor.spec.podMetricsEndpoints as readonly object[];
    const misspelt = {
      ...monitor,
      spec: { ...monitor.spec, podMetricsEndpoints: [{ ...endpoints[0], honourLabels: true }] },
    };
    expect(typeErrors([misspelt])).toContain('honourLabels');
    const { selector: _, ...spec } = monitor.spec;
    expect(() => new PodMonitor({ ...monitor, spec } as never).validate()).toThrow(/selector/);
  });

  it('have exactly the rules of the files for Prometheus', () => {
    for (const { metadata, spec } of rules) {
      const [file] = documents(collectorText(`prometheus/rules/${metadata.name.replace('tta-', '')}.yml`));
      expect(spec).toEqual(file);
    }
    expect(rules).toHaveLength(readdirSync(collectorPath('prometheus/rules')).length);
  });
});

describe('the manifests together', () => {
  const text = FILES.map((file) => collectorText(`kubernetes/${file}`)).join('\n---\n');

  it('pin every image to a full version', () => {
    const images = [...text.matchAll(/image: (\S+)/g)].map(([, image]) => image);
    expect(images).toHaveLength(4);
    for (const image of images) expect(image).toMatch(/:v?\d+\.\d+\.\d+$/);
  });

  it('use labels, ports and services that exist in other manifests', () => {
    const labels = new Set([...text.matchAll(/app\.kubernetes\.io\/name: (\S+)/g)].map(([, name]) => name));
    const names = new Set(manifests.map(({ manifest }) => manifest.metadata.name));
    const listed = [...text.matchAll(/operator: In, values: \[([^\]]+)\]/g)].flatMap(([, all = '']) => all.split(', '));
    expect(listed).toContain('tta-worker');
    for (const label of [...labels, ...listed]) if (label !== 'prometheus') expect(names, label).toContain(label);
    const ports = new Set([...text.matchAll(/name: ([\w-]+), containerPort/g)].map(([, name]) => name));
    const used = [...text.matchAll(/port: ([a-z][\w-]+)/gi)].map(([, name]) => name);
    expect(used.length).toBeGreaterThan(8);
    for (const port of used) expect(ports, port).toContain(port);
    expect(names).toContain(text.match(/TTA_COLLECTOR_SAMPLERS, value: (\S+) /)?.[1]);
    expect(names).toContain(text.match(/value: http:\/\/([\w-]+):4318/)?.[1]);
  });

  it('set only variables that the collector configurations read', () => {
    const variables = new Set(
      [...collectorText('otelcol/gateway.yaml').matchAll(/env:(TTA_\w+)/g)].map(([, name]) => name),
    );
    for (const [, name] of collectorText('otelcol/sampler.yaml').matchAll(/env:(TTA_\w+)/g)) variables.add(name);
    for (const [, name] of text.matchAll(/name: (TTA_\w+)/g)) expect(variables, name).toContain(name);
  });

  it('scale workers, in both ways, by a value that is recorded, on what is not scaled by hand', () => {
    const records = recordingRules().map(({ record }) => record);
    const [keda, hpa] = ['ScaledObject', 'HorizontalPodAutoscaler'].map((kind) =>
      manifests.find(({ manifest }) => manifest.kind === kind),
    ) as unknown as [{ manifest: Manifest }, { manifest: Manifest }];
    const worker = manifests.find(
      ({ manifest: { kind, metadata } }) => `${kind} ${metadata.name}` === 'Deployment tta-worker',
    )?.manifest.spec as unknown as WorkerSpec;
    const [{ args }] = worker.template.spec.containers;
    const setting = (option: string) => args[args.indexOf(option) + 1];
    const { triggers, ...scaled } = keda.manifest.spec as unknown as Scaled;
    const { query, threshold } = triggers[0].metadata;
    expect(query).toBe(`max(tta:queue_demand_jobs{queue_name="${setting('--queue')}"})`);
    const { metrics, behavior, minReplicas, maxReplicas } = hpa.manifest.spec as unknown as Autoscaled;
    const { metric, target } = metrics[0].external;
    expect(metric.selector.matchLabels.queue_name).toBe(setting('--queue'));
    const adapter = collectorText('kubernetes/prometheus-adapter.yml');
    expect(adapter).toContain(`name: { as: ${metric.name} }`);
    for (const text of [query, adapter])
      for (const name of metricsIn(text).recorded.filter((word) => /^tta:\w/.test(word)))
        expect(records).toContain(name);
    expect(target.averageValue).toBe(threshold);
    expect(Number(threshold)).toBeLessThan(Number(setting('--concurrency')));
    expect([minReplicas, maxReplicas]).toEqual([scaled.minReplicaCount, scaled.maxReplicaCount]);
    expect(behavior).toEqual(scaled.advanced.horizontalPodAutoscalerConfig.behavior);
    const grace = Number(setting('--grace'));
    expect(behavior.scaleDown.stabilizationWindowSeconds).toBeGreaterThan(grace);
    expect(scaled.cooldownPeriod).toBeGreaterThan(grace);
    // `tta worker` takes 10 s at most to end after its grace.
    expect(worker.template.spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(grace + 10);
  });

  it.skipIf(promtool === undefined)('have scrape jobs by annotations that promtool accepts', () => {
    // The promtool of Debian has no Kubernetes discovery, so this part is replaced.
    const jobs = collectorText('kubernetes/scrape-by-annotations.yml').replaceAll(
      /kubernetes_sd_configs:\n {6}- role: pod/g,
      'static_configs:\n      - targets: []',
    );
    const path = join(tempFolder({ 'prometheus.yml': jobs }), 'prometheus.yml');
    const { status, output } = runCommand(promtool as string, ['check', 'config', path]);
    expect(status, output).toBe(0);
  });
});
