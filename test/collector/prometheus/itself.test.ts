/** What Prometheus says of itself, on the real program: healthy, and with all at once that can be wrong. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { component } from '../../support/component.ts';
import { eventually, type Prometheus, startPrometheus } from '../../support/prometheus.ts';

/** Windows of minutes are windows of ten seconds, and an alert fires at once. */
const quick = (rules: string) => rules.replaceAll(/\[\d+m\]/g, '[10s]').replaceAll(/for: \w+/g, 'for: 0s');

const OF_ITSELF = [
  'TTAAlertsNotDelivered',
  'TTADiscoveryFails',
  'TTARemoteWriteFails',
  'TTARuleFails',
  'TTASamplesConflict',
  'TTAScrapesRefused',
];

const BROKEN_RULE = `
  - name: own
    rules:
      - record: own:two_series_where_one_is_expected
        expr: up + on () group_left () up
`;

/** An endpoint with a time of 1970, one that has more samples than it may, targets that cannot be read. */
const brokenJobs = (endpoint: string) => `
  - job_name: late
    static_configs: [{ targets: ['${endpoint}'] }]
  - job_name: limited
    sample_limit: 1
    static_configs: [{ targets: ['127.0.0.1:9090'] }]
  - job_name: unreadable
    file_sd_configs: [{ files: [rules/alerts.yml], refresh_interval: 1s }]
remote_write:
  - { url: 'http://127.0.0.1:9/api/v1/write', name: far }
`;

/** A server with one answer. Returns its host and port. */
async function startServer(answer: string): Promise<string> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/plain').end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const firing = async (prometheus: Prometheus) =>
  (await prometheus.query('count by (alertname) (ALERTS{alertstate="firing"})')).map(({ metric }) => metric.alertname);

describe.each(['prometheus', 'prometheus-3'])('%s', (name) => {
  const program = component(name);

  it.skipIf(program === undefined)('has no alert about itself when all is well', async () => {
    const prometheus = await startPrometheus(program as string, '127.0.0.1:9', {
      editRules: quick,
      alertmanager: await startServer('{"status":"success"}'),
    });
    onTestFinished(() => prometheus.stop());
    await eventually('messages are sent, and rules are evaluated for a while', async () => {
      const [sent] = await prometheus.query('prometheus_notifications_sent_total > 0');
      const [old] = await prometheus.query('time() - process_start_time_seconds{job="prometheus"} > 15');
      return sent && old;
    });
    expect((await firing(prometheus)).filter((alert) => OF_ITSELF.includes(alert ?? ''))).toEqual([]);
    expect(await firing(prometheus)).toContain('TTAWatchdog');
  });

  it.skipIf(program === undefined)('has an alert about each thing that is wrong with it', async () => {
    const jobs = brokenJobs(await startServer('series 1 1000\n'));
    const prometheus = await startPrometheus(program as string, '127.0.0.1:9', {
      editRules: (rules) => (rules.includes('tta-alerts-service') ? quick(rules) + BROKEN_RULE : quick(rules)),
      // It does not scrape its Alertmanager, which has an alert of its own.
      editConfiguration: (text) => text.replace(/^ {2}- job_name: alertmanager\n(?: {4}.*\n)+/m, '') + jobs,
      // One message each second: the same alert is sent again after this time.
      flags: ['--rules.alert.resend-delay=1s', '--storage.remote.flush-deadline=1s'],
    });
    onTestFinished(() => prometheus.stop());
    await eventually('all of them fire', async () => {
      const all = await firing(prometheus);
      const missing = OF_ITSELF.filter((alert) => !all.includes(alert));
      if (missing.length > 0) throw new Error(`not yet: ${missing}`);
      return true;
    });
  });
});
