/**
 * The main job under the shipped rules, alerts and routing, from the first value to the page, on real programs.
 *
 * Changed for the test: Prometheus scrapes and evaluates every second; an alert has to last for one second; "a day ago"
 * is five seconds ago; samples are stale after three seconds instead of 300; Alertmanager waits seconds. The
 * job otel-collector scrapes the Alertmanager, so that it is not the one that is down.
 */
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Alertmanager, startAlertmanager } from '../support/alertmanager.ts';
import { type Child, runModule } from '../support/child.ts';
import { component } from '../support/component.ts';
import { collectorText } from '../support/deployment.ts';
import { freePort } from '../support/free-port.ts';
import { type OtlpSink, startSink } from '../support/otlp-sink.ts';
import { eventually, type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { recordingRules } from '../support/rules.ts';
import type { Notification } from '../support/webhook.ts';

const CLI = pathToFileURL(resolve(import.meta.dirname, '../../dist/src/tools/cli/tta.js')).href;
const alertmanagerProgram = component('prometheus-alertmanager');
const versions = ['prometheus', 'prometheus-3'].filter((name) => component(name) !== undefined);

interface Stack {
  readonly prometheus: Prometheus;
  readonly alertmanager: Alertmanager;
}

const JOB = { job: 'tta-primitives' };

function impatient(rules: string): string {
  return rules
    .replaceAll(/for: \d+[mh]$/gm, 'for: 1s')
    .replaceAll('offset 24h', 'offset 5s')
    .replaceAll('[1h:1m]', '[1m:1s]')
    .replaceAll('[2h:5m]', '[30s:1s]')
    .replaceAll('> 300', '> 3');
}

const has = (labels: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>) =>
  Object.entries(wanted).every(([name, value]) => labels[name] === value);

describe.skipIf(versions.length === 0 || alertmanagerProgram === undefined)('the main job in operation', () => {
  const stacks = new Map<string, Stack>();
  let folder: string;
  let sink: OtlpSink;
  let job: Child;
  let jobPort: number;

  const stackOf = (program: string) => stacks.get(program) as Stack;
  const write = (name: string) =>
    writeFile(join(folder, 'docs', name), `# ${name}\n\n${`Foxes and dogs in ${name}. `.repeat(30)}\n`);

  async function startJob(): Promise<void> {
    const args = [
      ...['digest', join(folder, 'docs'), '--out', join(folder, 'digest.md')],
      ...['--every', '1', '--offline', '--chaos'],
    ];
    job = runModule(`process.argv.push(...${JSON.stringify(args)}); await import('${CLI}');`, {
      env: {
        OTEL_EXPORTER_PROMETHEUS_PORT: String(jobPort),
        OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
        OTEL_BSP_SCHEDULE_DELAY: '100',
      },
    });
    await job.says('Metrics');
  }

  /** The first notification that arrived with such an alert. */
  const told = (
    { alertmanager }: Stack,
    alert: Readonly<Record<string, string>>,
    { status = 'firing', size = 1 }: { status?: 'firing' | 'resolved'; size?: number } = {},
  ): Promise<Notification> =>
    eventually(`${status} ${JSON.stringify(alert)}`, async () =>
      alertmanager.notifications.find(({ alerts }) => {
        const found = alerts.filter((each) => each.status === status && has(each.labels, alert));
        return found.length >= size;
      }),
    );

  /** Resolves once such an alert fires and another one keeps it back. */
  const keptBack = ({ alertmanager }: Stack, alert: Readonly<Record<string, string>>) =>
    eventually(`${JSON.stringify(alert)} is kept back`, async () =>
      (await alertmanager.alerts()).find(({ labels, status }) => has(labels, alert) && status.inhibitedBy.length > 0),
    );

  const firing = ({ alertmanager }: Stack, alert: Readonly<Record<string, string>>) =>
    alertmanager.notifications.filter(({ alerts }) =>
      alerts.some(({ labels, status }) => status === 'firing' && has(labels, alert)),
    );

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tta-operations-'));
    await mkdir(join(folder, 'docs'));
    await write('one.md');
    sink = await startSink();
    jobPort = await freePort();
    await startJob();
    await Promise.all(
      versions.map(async (program) => {
        const alertmanager = await startAlertmanager(alertmanagerProgram as string);
        const { host } = alertmanager;
        const prometheus = await startPrometheus(program, `127.0.0.1:${jobPort}`, {
          ...{ alertmanager: host, collector: host, editRules: impatient },
        });
        stacks.set(program, { prometheus, alertmanager });
      }),
    );
    for (const { prometheus } of stacks.values()) {
      await eventually('a first scrape', async () =>
        (await prometheus.query('tta_cache_misses_total'))[0] ? true : undefined,
      );
    }
    // What was counted before the first scrape is no increase: a new text is a miss that is seen, and costs.
    await write('two.md');
  });

  afterAll(async () => {
    job?.kill('SIGKILL');
    await Promise.all([...stacks.values()].flatMap((each) => [each.prometheus.stop(), each.alertmanager.stop()]));
    await sink?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(versions)('%s: every recording rule holds a real value', async (program) => {
    const { prometheus } = stackOf(program);
    // No sampler and no queue run here: sampler-overflow.test.ts and deployment/workers.test.ts have one.
    for (const { record } of recordingRules().filter(({ expr }) => !/tail_sampling|queue_/.test(expr))) {
      const values = await eventually(`${record} has a value`, async () => {
        const found = await prometheus.query(record);
        return found.length > 0 ? found.map(({ value }) => Number(value[1])) : undefined;
      });
      expect(
        values.filter((value) => !Number.isFinite(value)),
        record,
      ).toEqual([]);
    }
  });

  it.each(versions)('%s: the values are those of a job that works, and spends', async (program) => {
    const { prometheus } = stackOf(program);
    for (const condition of [
      'tta:request_rate_5m > 0',
      'tta:success_rate_5m == 100',
      'tta:workflow_duration_p95_5m{workflow_name="digest"} > 0',
      'tta:latency_p95_5m{primitive_type="llm"} > 0',
      'tta:cache_hit_rate_5m{primitive_name="summaries"} > 0 < 100',
      'tta:cost_per_hour_dollars > 0',
      'tta:estimated_cost_savings_24h > 0',
      'tta:memory_utilization_mb > 50 < 1000',
      'tta:sli_availability_5m == 1',
      'tta:service_down == 0',
    ]) {
      const met = await eventually(condition, async () => (await prometheus.query(condition))[0]);
      expect(met.metric.job).toBe('tta-primitives');
    }
  });

  it.each(versions)('%s: every rule and alert evaluates without error', async (program) => {
    const response = await fetch(`${stackOf(program).prometheus.url}/api/v1/rules`);
    const { data } = (await response.json()) as {
      data: { groups: { rules: { name: string; health: string; lastError?: string }[] }[] };
    };
    const rules = data.groups.flatMap((group) => group.rules);
    expect(rules.length).toBeGreaterThan(100);
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
  });

  it.each(versions)('%s: understands every query that the runbook sends one to', async (program) => {
    const snippets = [...collectorText('RUNBOOK.md').matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
    const queries = snippets.filter(
      (text) => /[({]|^(?:tta[_:]|otelcol_|job:|up)/.test(text) && !/curl|\(\)$/.test(text),
    );
    expect(queries.length).toBeGreaterThan(60);
    for (const query of queries) await expect(stackOf(program).prometheus.query(query), query).resolves.toBeDefined();
  });

  describe('when the folder is gone and the collector takes no spans', () => {
    beforeAll(async () => {
      sink.behaviour = 400;
      await rename(join(folder, 'docs'), join(folder, 'moved'));
    });

    it.each(versions)('%s: failures page, as one message for alert and service', async (program) => {
      const message = await told(stackOf(program), { alertname: 'TTAHighErrorRate' });
      expect(message.receiver).toBe('critical');
      expect(message.groupLabels).toEqual({ alertname: 'TTAHighErrorRate', ...JOB });
      const [alert] = message.alerts;
      expect(alert?.annotations.description).toMatch(/^\d+\.\d % of the workflow executions of tta-primitives failed/);
      expect(alert?.annotations.runbook_url).toContain('RUNBOOK.md#ttahigherrorrate');
    });

    it.each(versions)('%s: what the failures explain is kept back', async (program) => {
      const spike = { alertname: 'TTAWorkflowFailureSpike', workflow_name: 'digest' };
      await keptBack(stackOf(program), spike);
      expect(firing(stackOf(program), spike)).toEqual([]);
    });

    it.each(versions)(
      '%s: the degrees of one alert come together, and the worse keep back the better',
      async (program) => {
        const burn = { alertname: 'TTAAvailabilityBudgetBurn' };
        const message = await told(stackOf(program), burn, { size: 2 });
        expect(message.receiver).toBe('critical');
        expect(message.alerts.map(({ labels }) => labels.window).sort()).toEqual(['1h', '6h']);
        await keptBack(stackOf(program), { ...burn, window: '1d' });
        await keptBack(stackOf(program), { ...burn, window: '3d' });
        expect(firing(stackOf(program), { ...burn, severity: 'warning' })).toEqual([]);
      },
    );

    it.each(versions)('%s: lost spans are told to those who work by day', async (program) => {
      const message = await told(stackOf(program), { alertname: 'TTASpansLost' });
      expect(message.receiver).toBe('warning');
      expect(message.alerts[0]?.labels.reason).toBe('export_failed');
    });
  });

  describe('when the job is killed', () => {
    beforeAll(async () => {
      job.kill('SIGKILL');
      await job.exited;
    });

    it.each(versions)('%s: that pages, and keeps back everything else about it', async (program) => {
      const message = await told(stackOf(program), { alertname: 'TTAServiceDown' });
      expect(message.receiver).toBe('critical');
      expect(message.alerts[0]?.labels).toEqual({ alertname: 'TTAServiceDown', severity: 'critical', ...JOB });
      await keptBack(stackOf(program), { alertname: 'TTAStaleMetrics' });
      await keptBack(stackOf(program), { alertname: 'TTAHighErrorRate' });
      expect(firing(stackOf(program), { alertname: 'TTAStaleMetrics' })).toEqual([]);
    });
  });

  describe('when it is started again', () => {
    beforeAll(async () => {
      await rename(join(folder, 'moved'), join(folder, 'docs'));
      await startJob();
    });

    it.each(versions)('%s: that is sent to the receiver that was paged', async (program) => {
      const message = await told(stackOf(program), { alertname: 'TTAServiceDown' }, { status: 'resolved' });
      expect(message.receiver).toBe('critical');
    });
  });
});
