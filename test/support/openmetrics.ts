/** The parser of OpenMetrics that the Python client of Prometheus has. */
import { spawnSync } from 'node:child_process';

export interface MetricFamily {
  readonly name: string;
  readonly type: string;
  readonly unit: string;
  readonly help: string;
  readonly samples: readonly {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
    readonly timestamp: number | null;
    readonly exemplar: { readonly labels: Readonly<Record<string, string>>; readonly value: number } | null;
  }[];
}

const READ = `
import json, math, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
number = lambda v: v if math.isfinite(v) else str(v)
print(json.dumps([{
  'name': f.name, 'type': f.type, 'unit': f.unit, 'help': f.documentation,
  'samples': [{
    'name': s.name, 'labels': s.labels, 'value': number(s.value),
    'timestamp': None if s.timestamp is None else float(s.timestamp),
    'exemplar': None if s.exemplar is None else { 'labels': s.exemplar.labels, 'value': s.exemplar.value },
  } for s in f.samples],
} for f in text_string_to_metric_families(sys.stdin.buffer.read().decode('utf-8'))]))
`;

/** The first on the path may be another Python than the one of the system, which has the package. */
const python = ['python3', '/usr/bin/python3'].find(
  (each) => spawnSync(each, ['-c', 'import prometheus_client.openmetrics.parser']).status === 0,
);

/** Whether it is installed. With TTA_REQUIRE_COMPONENTS, as in CI, a missing parser is an error. */
export function hasOpenMetricsParser(): boolean {
  const message = 'python3 with prometheus_client is not installed: the tests that need it are skipped';
  if (python === undefined && process.env.TTA_REQUIRE_COMPONENTS) throw new Error(message);
  if (python === undefined) process.stderr.write(`\n⚠ ${message}\n`);
  return python !== undefined;
}

/** @throws with what the parser says when the text is not OpenMetrics */
export function readOpenMetrics(text: string): readonly MetricFamily[] {
  const options = { input: text, encoding: 'utf8', maxBuffer: 1e9 } as const;
  const { status, stdout, stderr } = spawnSync(python ?? 'python3', ['-c', READ], options);
  if (status !== 0) throw new Error(`not OpenMetrics: ${stderr.trim().split('\n').at(-1)}`);
  return JSON.parse(stdout) as MetricFamily[];
}
