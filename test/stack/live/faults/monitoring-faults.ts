/** Faults of Prometheus, Alertmanager, Grafana and the trace store: what watches the applications. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { freePort } from '../../../support/free-port.ts';
import type { Labels } from '../../../support/webhook.ts';
import type { LiveStack } from '../live-stack.ts';
import { addTargets } from './collectors.ts';
import type { Expectations } from './fault.ts';

export interface MonitoringFault extends Expectations {
  readonly concerns: (labels: Labels) => boolean;
  readonly inject: () => unknown;
  readonly mend: () => unknown;
}

const hostOf = (url: string) => new URL(url).host;

/** Lets the Prometheus of the first stack scrape the Prometheus and the Alertmanager of the second, as its own. */
export async function watch(watching: LiveStack, watched: LiveStack): Promise<void> {
  const file = join(watching.folder, 'prometheus/prometheus.yml');
  const text = await readFile(file, 'utf8');
  const beside = (own: string, other: string) => (yaml: string) => {
    const [before, job, targets] = yaml.split(new RegExp(`(job_name: ${own}\\n)`)) as [string, string, string];
    const [first] = /'127[^']+'/.exec(targets) as [string];
    return before + job + targets.replace(first, `${first}, '${hostOf(other)}'`);
  };
  const prometheus = beside('prometheus', watched.prometheus.url)(text);
  await writeFile(file, beside('alertmanager', watched.alertmanager.url)(prometheus));
  await watching.prometheus.reload();
}

export interface StandIn {
  readonly host: string;
  start(): Promise<void>;
  stop(): void;
}

/** What Prometheus needs of a Grafana: an answer. */
export async function startGrafana(stack: LiveStack): Promise<StandIn> {
  const port = await freePort();
  let server: Server | undefined;
  const host = `127.0.0.1:${port}`;
  const grafana: StandIn = {
    host,
    start: () =>
      new Promise((done) => {
        server = createServer((_, response) => {
          response.setHeader('content-type', 'text/plain; version=0.0.4');
          response.end('grafana_build_info 1\n');
        }).listen(port, '127.0.0.1', () => done());
      }),
    stop: () => {
      server?.closeAllConnections();
      server?.close();
    },
  };
  await grafana.start();
  await addTargets(stack, 'grafana', [host]);
  return grafana;
}

/** Every alert of these instances, or only these alerts. */
const about =
  (instance: string, ...alerts: string[]) =>
  (labels: Labels) =>
    labels.instance === instance && (alerts.length === 0 || alerts.includes(labels.alertname as string));

export function monitoringFaults(watching: LiveStack, watched: LiveStack, grafana: StandIn) {
  const [gateway, sampler] = watching.collectors as [LiveStack['collectors'][number], LiveStack['collectors'][number]];
  const own = hostOf(watching.prometheus.url);
  const prometheus = hostOf(watched.prometheus.url);
  const alertmanager = hostOf(watched.alertmanager.url);
  const file = (stack: LiveStack, path: string) => join(stack.folder, path);
  const change = async (path: string, edit: (text: string) => string) =>
    writeFile(path, edit(await readFile(path, 'utf8')));

  const receivers = file(watched, 'alertmanager/alertmanager.yml');
  let right = '';
  const atTheSameTime: MonitoringFault[] = [
    {
      fault: 'The sampler is killed',
      concerns: ({ instance }) => [gateway, sampler].some(({ metricsUrl }) => hostOf(metricsUrl) === instance),
      inject: () => sampler.kill(),
      mend: () => sampler.start(),
      raises: { TTACollectorDown: /has not answered for 2 minutes/ },
      mayRaise: { TTACollectorSendsNothing: 'the gateway before it keeps the spans' },
    },
    {
      fault: 'Jaeger is down',
      concerns: about(hostOf(watching.jaeger.metricsUrl)),
      inject: () => watching.jaeger.kill(),
      mend: () => watching.jaeger.start(),
      raises: { TTAJaegerDown: /The trace store at 127\.0\.0\.1:\d+ \(jaeger\)/ },
    },
    {
      fault: 'Grafana is down',
      concerns: about(grafana.host),
      inject: () => grafana.stop(),
      mend: () => grafana.start(),
      raises: { TTAGrafanaDown: /Grafana at 127\.0\.0\.1:\d+/ },
    },
    {
      fault: 'A reload of a broken prometheus.yml',
      concerns: about(own),
      inject: async () => {
        await change(file(watching, 'prometheus/prometheus.yml'), (text) => `${text}\nno_such_setting: 1\n`);
        watching.prometheus.signal('SIGHUP');
      },
      mend: async () => {
        await change(file(watching, 'prometheus/prometheus.yml'), (text) => text.replace('\nno_such_setting: 1\n', ''));
        await watching.prometheus.reload();
      },
      raises: { TTAConfigurationNotLoaded: /\(prometheus\) could not load its configuration/ },
      withinMinutes: 15,
    },
    {
      fault: 'A receiver does not take the notifications of an Alertmanager',
      concerns: about(alertmanager, 'TTANotificationsFail'),
      inject: async () => {
        right = await readFile(receivers, 'utf8');
        await writeFile(receivers, right.replaceAll(/http:\/\/127\.0\.0\.1:\d+\//g, 'http://127.0.0.1:9/'));
        watched.alertmanager.signal('SIGHUP');
      },
      mend: async () => {
        await writeFile(receivers, right);
        watched.alertmanager.signal('SIGHUP');
      },
      raises: { TTANotificationsFail: /failed \d+ notifications by webhook/ },
    },
  ];

  const ownRule = file(watched, 'prometheus/rules/own.yml');
  const oneAfterTheOther: MonitoringFault[] = [
    {
      fault: 'A rule fails: a user has joined two metrics many to many',
      concerns: about(prometheus),
      inject: async () => {
        await writeFile(
          ownRule,
          JSON.stringify({ groups: [{ name: 'own', rules: [{ record: 'own:up', expr: 'up * on () up' }] }] }),
        );
        await watched.prometheus.reload();
      },
      mend: async () => {
        await rm(ownRule);
        await watched.prometheus.reload();
      },
      raises: { TTARuleFails: /failed \d+ times .* a rule of .*own/ },
      withinMinutes: 15,
    },
    {
      fault: 'An Alertmanager is down',
      concerns: (labels) => about(alertmanager, 'TTAAlertmanagerDown')(labels) || about(prometheus)(labels),
      lastsMinutes: 8,
      inject: () => watched.alertmanager.stop(),
      mend: () => watched.alertmanager.start(),
      raises: { TTAAlertmanagerDown: /The Alertmanager at 127\.0\.0\.1:\d+ has not answered for 2 minutes/ },
      mayRaise: { TTAAlertsNotDelivered: 'its Prometheus cannot hand it the watchdog' },
    },
    {
      fault: 'A Prometheus is down',
      concerns: about(prometheus),
      lastsMinutes: 4,
      inject: () => watched.prometheus.stop(),
      mend: () => watched.prometheus.start(),
      raises: { TTAPrometheusDown: /The Prometheus at/ },
    },
  ];
  return { atTheSameTime, oneAfterTheOther };
}
