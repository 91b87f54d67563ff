/** Applications whose telemetry does not arrive, or not whole. */
import { ENTRY } from '../../../support/child.ts';
import type { ApplicationFault } from './application-fault.ts';

const ORDERS = `
const order = workflow('order', task('charge', (n) => n));
every(250, (n) => order.execute(n));
const meter = metrics.getMeter('own');`;

/** A worker of a cluster, which hangs for as many milliseconds as it is told. */
const WORKER = `
import { register } from '${ENTRY.sdk}';
import { task } from '${ENTRY.main}';
await register();
const work = task('work', () => 1);
setInterval(() => work.execute(), 250);
process.on('message', (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms));`;

/** A collector that listens once the fault is mended. */
const LATE_COLLECTOR = `
import { createServer } from 'node:http';
const collector = createServer((request, answer) => {
  request.resume().on('end', () => answer.setHeader('content-type', 'application/json').end('{}'));
});
whenChanged(() => { if (!broken) collector.listen(process.env.SPARE_PORT, '127.0.0.1'); });`;
const atSparePort = (port: number) => `http://127.0.0.1:${port}`;

export const TELEMETRY_FAULTS: readonly ApplicationFault[] = [
  {
    job: 'tta-overflow',
    fault: 'Names made of data: 2,500 series of one metric',
    program: `${ORDERS}
whenChanged(() => { if (broken) for (let user = 0; user < 2_500; user += 1) task('greet-' + user, () => 1).execute(); });`,
    raises: { TTASeriesOverflow: /tta_primitive_executions_total of tta-overflow has reached its limit/ },
    mend: () => {},
  },
  {
    job: 'tta-callback-fails',
    fault: 'A callback of an observable instrument throws',
    program: `${ORDERS}
meter.createObservableGauge('depth').addCallback(() => { if (broken) fails(); });`,
    raises: { TTACallbackErrors: /\(tta-callback-fails\) gave no values .*\(failed\)/ },
  },
  {
    job: 'tta-callback-hangs',
    fault: 'A callback of an observable instrument hangs',
    program: `${ORDERS}
meter.createObservableGauge('depth').addCallback(() => broken ? new Promise(() => {}) : undefined);`,
    raises: { TTACallbackErrors: /\(tta-callback-hangs\) gave no values .*\(timeout\)/ },
    mayRaise: { TTAScrapeSlow: 'each scrape waits 5 seconds for it' },
  },
  {
    job: 'tta-conflict',
    fault: 'Two metrics of an application have one name and different types',
    program: `${ORDERS}
meter.createCounter('depth').add(1);
whenChanged(() => { if (broken) meter.createObservableGauge('depth.total').addCallback((result) => result.observe(1)); });`,
    mend: async ({ instances }) => {
      await instances[0]?.program.stop();
      await instances[0]?.program.start();
    },
    raises: { TTAMetricsDropped: /tta-conflict made measurements that Prometheus cannot take \(conflict\)/ },
  },
  {
    job: 'tta-worker',
    fault: 'A worker of a cluster hangs',
    program: `
import cluster from 'node:cluster';
import { writeFileSync } from 'node:fs';
writeFileSync(process.env.STATE, ${JSON.stringify(WORKER)});
cluster.setupPrimary({ exec: process.env.STATE, execArgv: [] });
const [worker] = [cluster.fork(), cluster.fork()];
whenChanged(() => { if (broken) worker.send(11 * 60_000); });`,
    raises: { TTAWorkerStuck: /have not given their metrics for 5 minutes: 1\./ },
    mend: () => {},
  },
  {
    job: 'tta-push',
    fault: 'Metrics are pushed to a collector that does not answer',
    program: `${ORDERS}${LATE_COLLECTOR}`,
    env: (sparePort) => ({
      OTEL_METRICS_EXPORTER: 'prometheus,otlp',
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${atSparePort(sparePort)}/v1/metrics`,
      OTEL_METRIC_EXPORT_INTERVAL: '10000',
    }),
    fromTheStart: true,
    raises: { TTAMetricsPushFails: /deliveries of the metrics of tta-push failed/ },
  },
  {
    job: 'tta-no-collector',
    fault: 'Nothing takes the spans of an application with a small queue',
    program: `${ORDERS}${LATE_COLLECTOR}`,
    env: (sparePort) => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: atSparePort(sparePort),
      OTEL_EXPORTER_OTLP_HEADERS: '',
      OTEL_BSP_MAX_QUEUE_SIZE: '64',
    }),
    fromTheStart: true,
    raises: { TTASpansLost: /tta-no-collector lost \d+ spans in the last 15 minutes/ },
  },
  {
    job: 'tta-no-token',
    fault: 'The token for the collector is wrong',
    program: ORDERS,
    env: () => ({ OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20wrong' }),
    fromTheStart: true,
    mend: () => {},
    raises: { TTASpansLost: /tta-no-token lost \d+ spans in the last 15 minutes \(export_failed\)/ },
    resolvedWithinMinutes: 'never',
  },
];
