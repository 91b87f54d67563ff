/** Faults of Prometheus, Alertmanager, Grafana and the trace store: what watches the applications. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { freePort } from '../../../support/free-port.ts';
import type { Labels } from '../../../support/webhook.ts';
import type { LiveStack } from '../live-stack.ts';
import { addTargets } from './collectors.ts';
import type { Expectations } from './fault.ts';

export interface Stage {
  /** The stack whose notifications tell of the faults. */
  readonly watching: LiveStack;
  /** The stack whose Prometheus and Alertmanager the other one scrapes. */
  readonly watched: LiveStack;
  readonly grafana: StandIn;
}

export interface MonitoringFault extends Expectations {
  readonly concerns: (labels: Labels, stage: Stage) => boolean;
  readonly inject: (stage: Stage) => unknown;
  readonly mend: (stage: Stage) => unknown;
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

/** Whether an alert is about an instance, and one of these alerts if there are any. */
const isAbout = (labels: Labels, instance: string, ...alerts: string[]) =>
  labels.instance === instance && (alerts.length === 0 || alerts.includes(labels.alertname as string));

const hostsOf = ({ prometheus, alertmanager }: LiveStack) => ({
  prometheus: hostOf(prometheus.url),
  alertmanager: hostOf(alertmanager.url),
});

async function change(path: string, edit: (text: string) => string): Promise<void> {
  await writeFile(path, edit(await readFile(path, 'utf8')));
}

const prometheusFile = ({ folder }: LiveStack) => join(folder, 'prometheus/prometheus.yml');
const alertmanagerFile = ({ folder }: LiveStack) => join(folder, 'alertmanager/alertmanager.yml');
const ownRules = ({ folder }: LiveStack) => join(folder, 'prometheus/rules/own.yml');
const TWO_TO_TWO = { groups: [{ name: 'own', rules: [{ record: 'own:up', expr: 'up * on () up' }] }] };
const UNKNOWN_SETTING = '\nno_such_setting: 1\n';
/** In front of a URL it makes the rest a fragment. */
const NOWHERE = 'http://127.0.0.1:9/#';

/** Faults that do not disturb each other. */
export const AT_THE_SAME_TIME: readonly MonitoringFault[] = [
  {
    fault: 'The sampler is killed',
    concerns: ({ instance }, { watching }) =>
      watching.collectors.some(({ metricsUrl }) => hostOf(metricsUrl) === instance),
    inject: ({ watching }) => watching.collectors[1]?.kill(),
    mend: ({ watching }) => watching.collectors[1]?.start(),
    raises: { TTACollectorDown: /has not answered for 2 minutes/ },
    mayRaise: { TTACollectorSendsNothing: 'the gateway before it keeps the spans' },
  },
  {
    fault: 'Jaeger is down',
    concerns: (labels, { watching }) => isAbout(labels, hostOf(watching.jaeger.metricsUrl)),
    inject: ({ watching }) => watching.jaeger.kill(),
    mend: ({ watching }) => watching.jaeger.start(),
    raises: { TTAJaegerDown: /The trace store at 127\.0\.0\.1:\d+ \(jaeger\)/ },
  },
  {
    fault: 'Grafana is down',
    concerns: (labels, { grafana }) => isAbout(labels, grafana.host),
    inject: ({ grafana }) => grafana.stop(),
    mend: ({ grafana }) => grafana.start(),
    raises: { TTAGrafanaDown: /Grafana at 127\.0\.0\.1:\d+/ },
  },
  {
    fault: 'A reload of a broken prometheus.yml',
    concerns: (labels, { watching }) => isAbout(labels, hostsOf(watching).prometheus),
    inject: async ({ watching }) => {
      await change(prometheusFile(watching), (text) => `${text}${UNKNOWN_SETTING}`);
      watching.prometheus.signal('SIGHUP');
    },
    mend: async ({ watching }) => {
      await change(prometheusFile(watching), (text) => text.replace(UNKNOWN_SETTING, ''));
      await watching.prometheus.reload();
    },
    raises: { TTAConfigurationNotLoaded: /\(prometheus\) could not load its configuration/ },
    withinMinutes: 15,
  },
  {
    fault: 'A receiver does not take the notifications of an Alertmanager',
    concerns: (labels, { watched }) => isAbout(labels, hostsOf(watched).alertmanager, 'TTANotificationsFail'),
    inject: async ({ watched }) => {
      await change(alertmanagerFile(watched), (text) =>
        text.replaceAll(/http:(?=\/\/127\.0\.0\.1:\d+\/)/g, `${NOWHERE}$&`),
      );
      watched.alertmanager.signal('SIGHUP');
    },
    mend: async ({ watched }) => {
      await change(alertmanagerFile(watched), (text) => text.replaceAll(NOWHERE, ''));
      watched.alertmanager.signal('SIGHUP');
    },
    raises: { TTANotificationsFail: /failed \d+ notifications by webhook/ },
  },
];

/** Faults of one Prometheus and its Alertmanager: each needs them whole. */
export const ONE_AFTER_THE_OTHER: readonly MonitoringFault[] = [
  {
    fault: 'A rule fails: a user has joined two metrics many to many',
    concerns: (labels, { watched }) => isAbout(labels, hostsOf(watched).prometheus),
    inject: async ({ watched }) => {
      await writeFile(ownRules(watched), JSON.stringify(TWO_TO_TWO));
      await watched.prometheus.reload();
    },
    mend: async ({ watched }) => {
      await rm(ownRules(watched));
      await watched.prometheus.reload();
    },
    raises: { TTARuleFails: /failed \d+ times .* a rule of .*own/ },
    withinMinutes: 15,
  },
  {
    fault: 'An Alertmanager is down',
    concerns: (labels, { watched }) =>
      isAbout(labels, hostsOf(watched).alertmanager, 'TTAAlertmanagerDown') ||
      isAbout(labels, hostsOf(watched).prometheus),
    lastsMinutes: 8,
    inject: ({ watched }) => watched.alertmanager.stop(),
    mend: ({ watched }) => watched.alertmanager.start(),
    raises: { TTAAlertmanagerDown: /The Alertmanager at 127\.0\.0\.1:\d+ has not answered for 2 minutes/ },
    mayRaise: { TTAAlertsNotDelivered: 'its Prometheus cannot hand it the watchdog' },
  },
  {
    fault: 'A Prometheus is down',
    concerns: (labels, { watched }) => isAbout(labels, hostsOf(watched).prometheus),
    lastsMinutes: 4,
    inject: ({ watched }) => watched.prometheus.stop(),
    mend: ({ watched }) => watched.prometheus.start(),
    raises: { TTAPrometheusDown: /The Prometheus at/ },
  },
];
