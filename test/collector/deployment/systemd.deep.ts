/**
 * The guide's section on systemd, followed literally under a real systemd: what the units start works together, comes back
 * when it is killed, reads its configuration again, and stops without losing a span.
 */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createProject, type Project, ROOT, run, succeed } from '../../package/project.ts';
import { jaegerConfiguration } from '../../stack/live/jaeger.ts';
import { component } from '../../support/component.ts';
import { collectorText } from '../../support/deployment.ts';
import { eventually } from '../../support/prometheus.ts';
import type { Series } from '../../support/prometheus-api.ts';
import { bootSystemd, type SystemdMachine } from '../../support/systemd-machine.ts';

const NAMES = ['otelcol-tta', 'prometheus-3', 'prometheus-alertmanager', 'jaeger', 'systemctl'] as const;
const programs = Object.fromEntries(NAMES.map((name) => [name, component(name)]));
const complete = NAMES.every((name) => programs[name] !== undefined);

const section = /\n## One machine or several, with systemd\n[\s\S]*?\n## /.exec(collectorText('README.md'))?.[0] ?? '';
const [, commands = ''] = /```sh\n([\s\S]*?)```/.exec(section) ?? [];
/** The part before the application, whose settings need the token that this part makes, and the part for it. */
const [install = '', application = ''] = commands.split(/^# your application.*\n/m);
const installPackage = /^RUN ((?:.*\\\n)*.*)$/m.exec(collectorText('compose/Dockerfile'))?.[1] ?? '';

const UNITS = ['otelcol-sampler', 'otelcol-gateway', 'alertmanager', 'prometheus', 'tta-app@NAME'];
/** Where each unit answers when it works. */
const READY: Readonly<Record<string, string>> = {
  'otelcol-sampler': 'http://127.0.0.1:13134/',
  'otelcol-gateway': 'http://127.0.0.1:13133/',
  alertmanager: 'http://127.0.0.1:9093/-/ready',
  prometheus: 'http://127.0.0.1:9090/-/ready',
  'tta-app@NAME': 'http://127.0.0.1:9464/readyz',
};
/**
 * All of its workflows fail, so that the sampler keeps every trace. It writes a line for each that has ended. It begins no
 * more when it is asked to end, as an application should: what is done after the spans have left is lost.
 */
const APP = `
import { task, workflow } from 'tta-primitives';
const answer = workflow('answer-' + process.pid, task('ask', () => { throw new Error('no answer'); }));
const ask = async () => { await answer.execute('?').catch(() => {}); console.log('ended'); };
const timer = setInterval(ask, 100);
process.on('SIGTERM', () => clearInterval(timer));
`;
const DELIVER = `fetch('http://127.0.0.1:4318/v1/traces', {
  method: 'POST',
  headers: { 'content-type': 'application/json', authorization: 'Bearer ' + process.argv[1] },
  body: '{"resourceSpans":[]}',
}).then(({ status }) => process.stdout.write(String(status)))`;
const EXPORTED = '/srv/tta/NAME/observability';
const JAEGER = { otlp: 14318, query: 16686, queryGrpc: 16685, health: 23133, metrics: 28888 };
/** Milliseconds, on a machine that is busy with other tests. */
const PATIENCE = 180_000;
vi.setConfig({ testTimeout: 2 * PATIENCE, hookTimeout: 2 * PATIENCE });

describe.runIf(complete)('the guide under a real systemd', () => {
  let machine: SystemdMachine;
  let project: Project;

  const query = async (expression: string) => {
    const url = `http://127.0.0.1:9090/api/v1/query?${new URLSearchParams({ query: expression })}`;
    return (JSON.parse(await machine.get(url)) as { data: { result: Series[] } }).data.result;
  };
  const soon = <T>(what: string, look: () => Promise<T | undefined>) => eventually(what, look, PATIENCE);
  const isReady = (unit: string) =>
    soon(`${unit} is ready`, async () => {
      await machine.get(READY[unit] as string);
      return true;
    });
  /** How many traces the store has, of all workflows or of one. */
  const traces = async (workflow = '') => {
    const store = `http://127.0.0.1:${JAEGER.query}/api`;
    const names = (JSON.parse(await machine.get(`${store}/services/tta-primitives/operations`)) as { data: string[] })
      .data;
    const operation = names.find((name) => name.includes(workflow || 'answer-'));
    if (operation === undefined) return 0;
    const filter = workflow === '' ? {} : { operation };
    const found = new URLSearchParams({ service: 'tta-primitives', limit: '100000', lookback: '1h', ...filter });
    return (JSON.parse(await machine.get(`${store}/traces?${found}`)) as { data: object[] }).data.length;
  };
  /** The status that the gateway gives to a delivery with this token. */
  const answerTo = (token: string) => machine.must([process.execPath, '--eval', DELIVER, token]);

  beforeAll(async () => {
    project = await createProject();
    const packed = await succeed('npm', ['pack', '--silent', '--pack-destination', project.folder], ROOT);
    const { code, stderr } = await run('sh', ['-c', installPackage], project.folder, {
      TTA_PACKAGE: `./${packed.trim()}`,
    });
    expect(code, stderr).toBe(0);
    await succeed('npx', ['tta', 'export', 'all'], project.folder);
    await project.write('app.js', APP);
    machine = await bootSystemd({
      'otelcol-tta': programs['otelcol-tta'] as string,
      prometheus: programs['prometheus-3'] as string,
      alertmanager: programs['prometheus-alertmanager'] as string,
      jaeger: programs.jaeger as string,
      node: process.execPath,
    });
    cpSync(project.folder, join(machine.root, 'srv/tta/NAME'), { recursive: true });
    await machine.sh('chmod --recursive a+rX /srv/tta');
    machine.write('/etc/jaeger.json', jaegerConfiguration(JAEGER));
    await machine.sh('systemd-run --unit=jaeger /usr/local/bin/jaeger --config=/etc/jaeger.json');
  });
  afterAll(async () => {
    await machine?.stop();
    await project?.remove();
  });

  it('starts all five with its commands', async () => {
    expect(application).toContain('systemctl enable --now tta-app@NAME');
    await machine.sh(install, EXPORTED);
    const token = (await machine.sh('cat /etc/otelcol-tta/token')).trim();
    const settings = `OTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer%20${token}\n`;
    machine.write(`${EXPORTED}/name.env`, settings);
    await machine.sh(application, EXPORTED);
    for (const unit of UNITS) await isReady(unit);
    expect(await machine.sh(`systemctl is-active ${UNITS.join(' ')}`)).toBe('active\n'.repeat(5));
    expect(await machine.sh(`systemctl is-enabled ${UNITS.join(' ')}`)).toBe('enabled\n'.repeat(5));
    expect(await machine.sh('systemctl --failed --quiet')).toBe('');
    // Of the units systemd has nothing to say; this one line is about a kernel with two versions of cgroups.
    const warnings = await machine.sh('journalctl --boot --quiet --output=cat --priority=warning _PID=1');
    expect(warnings.replace(/^cgroup compatibility translation .*\n/, '')).toBe('');
  });

  it('brings metrics to Prometheus, spans to the trace store and alerts to Alertmanager', async () => {
    await soon('all targets are up', async () => {
      const up = (await query('up')).map(({ metric, value }) => `${metric.job} ${value[1]}`);
      expect(up.sort()).toEqual(['alertmanager 1', 'otel-collector 1', 'prometheus 1', 'tta-primitives 1']);
      return true;
    });
    await soon('executions', async () => (await query('tta_workflow_executions_total > 0'))[0]);
    await soon('span metrics', async () => (await query('traces_span_metrics_calls_total > 0'))[0]);
    await soon('traces', async () => ((await traces()) > 0 ? true : undefined));
    await soon('an alert', async () => {
      const alerts = await machine.get('http://127.0.0.1:9093/api/v2/alerts');
      return alerts.includes('TTAWatchdog') ? true : undefined;
    });
  });

  it.each(UNITS)('starts %s again when it is killed', async (unit) => {
    const before = await machine.property(unit, 'MainPID');
    await machine.sh(`systemctl kill --signal=KILL ${unit}`);
    await soon('another process', async () => {
      const now = await machine.property(unit, 'MainPID');
      return now === before || now === '0' ? undefined : true;
    });
    await isReady(unit);
    expect(await machine.property(unit, 'NRestarts')).toBe('1');
  });

  it('lets every program but the application read its configuration again, in the same process', async () => {
    const changes: Record<string, [edit: string, url: string, found: RegExp]> = {
      prometheus: [
        "sed -i 's/evaluation_interval: 30s/evaluation_interval: 31s/' /etc/prometheus/prometheus.yml",
        'http://127.0.0.1:9090/api/v1/status/config',
        /evaluation_interval: 31s/,
      ],
      alertmanager: [
        'echo \'templates: ["/etc/alertmanager/none.tmpl"]\' >>/etc/alertmanager/alertmanager.yml',
        'http://127.0.0.1:9093/api/v2/status',
        /none\.tmpl/,
      ],
      'otelcol-gateway': ["sed -i 's/13133/13233/' /etc/otelcol-tta/gateway.yaml", 'http://127.0.0.1:13233/', /./],
      'otelcol-sampler': ["sed -i 's/13134/13234/' /etc/otelcol-tta/sampler.yaml", 'http://127.0.0.1:13234/', /./],
    };
    for (const [unit, [edit, url, found]] of Object.entries(changes)) {
      const before = await machine.property(unit, 'MainPID');
      await machine.sh(`${edit}\nsystemctl reload ${unit}`);
      await soon(`${unit} has read it`, async () => (found.test(await machine.get(url)) ? true : undefined));
      expect(await machine.property(unit, 'MainPID')).toBe(before);
    }
    await machine.sh("sed -i 's/132\\(3[34]\\)/131\\1/' /etc/otelcol-tta/*.yaml");
    await machine.sh('systemctl reload otelcol-gateway otelcol-sampler');
    for (const unit of UNITS) await isReady(unit);
  });

  it('changes the token as it says: the gateway has each change after a restart', async () => {
    const file = '/etc/otelcol-tta/token';
    const old = (await machine.sh(`cat ${file}`)).trim();
    const restart = async () => {
      await machine.sh('systemctl restart otelcol-gateway');
      await isReady('otelcol-gateway');
    };
    await machine.sh(`printf '\\nnew' >>${file}`);
    expect([await answerTo(old), await answerTo('new')]).toEqual(['200', '401']);
    await restart();
    expect([await answerTo(old), await answerTo('new')]).toEqual(['200', '200']);
    await machine.sh("sed -i 's/Bearer%20.*/Bearer%20new/' /etc/tta/NAME.env; systemctl restart tta-app@NAME");
    await machine.sh(`printf new >${file}`);
    await restart();
    expect([await answerTo(old), await answerTo('new'), await answerTo('')]).toEqual(['401', '200', '401']);
    const before = await traces();
    await soon('traces with the new token', async () => ((await traces()) > before ? true : undefined));
  });

  it('stops everything in time, and loses no trace', async () => {
    await machine.sh('systemctl restart tta-app@NAME');
    const name = `answer-${await machine.property('tta-app@NAME', 'MainPID')}`;
    const invocation = await machine.property('tta-app@NAME', 'InvocationID');
    const ended = async () =>
      (await machine.sh(`journalctl --output=cat _SYSTEMD_INVOCATION_ID=${invocation}`)).match(/^ended$/gm)?.length ??
      0;
    await soon('some work', async () => ((await ended()) > 50 ? true : undefined));
    for (const unit of ['tta-app@NAME', 'otelcol-gateway', 'otelcol-sampler', 'prometheus', 'alertmanager']) {
      const start = Date.now();
      await machine.sh(`systemctl stop ${unit}`);
      expect(Date.now() - start, unit).toBeLessThan(15_000);
      expect(await machine.property(unit, 'Result'), unit).toBe('success');
    }
    await machine.sh('systemctl start otelcol-sampler otelcol-gateway');
    const expected = await ended();
    await soon('all traces', async () => {
      expect(await traces(name)).toBeGreaterThanOrEqual(expected);
      return true;
    });
  });

  it('runs the same programs under supervisord, with the file for it', async () => {
    await machine.sh(`systemctl stop otelcol-gateway otelcol-sampler
      for user in tta otelcol prometheus; do useradd --system $user; done
      cp -r /srv/tta/NAME /srv/tta/app
      cd /var/lib
      rm -rf private otelcol-tta prometheus-tta alertmanager-tta
      install -d -o otelcol otelcol-tta otelcol-tta/gateway otelcol-tta/sampler
      install -d -o prometheus prometheus-tta alertmanager-tta
      chown otelcol /etc/otelcol-tta/token
      systemd-run --unit=supervisord supervisord --nodaemon --configuration=/etc/supervisor/supervisord.conf`);
    await soon('supervisord answers', () => machine.sh('supervisorctl pid'));
    const [, command = ''] = /^; +(cp .*)$/m.exec(collectorText('systemd/supervisord.conf')) ?? [];
    await machine.sh(command, EXPORTED);
    for (const unit of UNITS) await isReady(unit);
    expect((await machine.sh('supervisorctl status')).match(/ RUNNING /g)).toHaveLength(5);
    await machine.sh('supervisorctl stop all');
    expect((await machine.run(['supervisorctl', 'status'])).stdout.match(/ STOPPED /g)).toHaveLength(5);
  });
});
