/** What to do about a finding: `tta doctor` prints it, and the section "Troubleshooting" of collector/README.md has it. */

export interface Remedy {
  /** What the user sees, as a sentence. */
  readonly symptom: string;
  /** What to do, as Markdown. The terminal shows the Markdown unchanged. */
  readonly text: string;
}

export const REMEDY = {
  noEndpoint: {
    symptom: 'The metrics do not show.',
    text:
      'Does `curl http://127.0.0.1:9464/metrics` answer? If the connection is refused, nothing was registered in this process ' +
      '(`node --import tta-primitives/register app.js`), or the endpoint is on another port: a warning at the start says so, and ' +
      '`(await register()).metricsUrl`, with `register` of `tta-primitives/sdk`, is its address. Another machine or container ' +
      'cannot reach it: it listens on loopback only, unless you set `OTEL_EXPORTER_PROMETHEUS_HOST=0.0.0.0`.',
  },
  slowEndpoint: {
    symptom: 'The endpoint takes too long.',
    text:
      'A scrape is answered within milliseconds unless the event loop is blocked: look at `nodejs_eventloop_delay_p99_seconds`, ' +
      'and move long computations into a worker thread. `tta load` shows what is normal on this machine.',
  },
  portTaken: {
    symptom: 'The port is taken.',
    text:
      'The warning at the start names the process that holds it. Stop that one, or choose another port: ' +
      '`OTEL_EXPORTER_PROMETHEUS_PORT=9465`, or `0` for any free one. Until then workflows run on, and traces are still sent.',
  },
  noMetrics: {
    symptom: 'The answer is not a scrape.',
    text:
      'Something else listens at this address, or there is a proxy before it. The path is `/metrics`. Compare the whole address ' +
      'with `(await register()).metricsUrl`, and read the answer with `curl -i`.',
  },
  noSeries: {
    symptom: 'There is an endpoint, but no data.',
    text:
      'The series of a primitive are 0 from the moment when it is built. If they are missing, another copy of this package built ' +
      'it (`npm ls tta-primitives` must show one version), or another SDK was registered first, which `register` warns about. ' +
      "Give that SDK's MeterProvider `ttaViews`.",
  },
  noMovement: {
    symptom: 'The rates are 0.',
    text:
      '`rate()` needs two scrapes within its window: with `scrape_interval: 15s` use `[1m]` or longer. A counter that never changes ' +
      'means that nothing runs: look at `tta_primitive_active`.',
  },
  frozen: {
    symptom: 'The numbers do not change.',
    text:
      'Two scrapes in a row were equal to the last digit, CPU time included: a cache or a proxy answers in place of the process. ' +
      'Scrape the process itself.',
  },
  overflow: {
    symptom: 'A label says `__other__`.',
    text:
      'A metric has 2,000 series at most, and `tta_series_overflow_total` names the metric that needed more. Names of primitives ' +
      'and workflows are for code, not for data: build them once, outside of the request, and put what varies into `tags`.',
  },
  unpriced: {
    symptom: 'A call costs nothing.',
    text:
      '`tta_llm_unpriced_requests_total` counts calls whose price is not known. Give ' +
      "`llm(model, { prices: { 'my-model': { input: 3, output: 15 } } })`, in dollars per million tokens.",
  },
  spansLost: {
    symptom: 'No traces arrive.',
    text:
      '`tta_spans_lost_total` counts spans that were not delivered, and why: `export_failed` means that nothing answers at ' +
      '`OTEL_EXPORTER_OTLP_ENDPOINT` (a collector listens on 4318 for HTTP, 4317 is gRPC). Spans wait up to five seconds for their ' +
      'batch; a process that calls `process.exit()` should `await sdk.shutdown()` before.',
  },
  noPrometheus: {
    symptom: 'Prometheus does not answer.',
    text:
      'Start it with what `tta export prometheus` writes: `prometheus --config.file=prometheus.yml`. Its log says why it does not ' +
      'start, and `promtool check config prometheus.yml` finds mistakes before the start. It listens on port 9090.',
  },
  notScraped: {
    symptom: 'Prometheus does not scrape the endpoint.',
    text:
      'Add the host and port of the endpoint to `targets` of the job `tta-primitives` in `prometheus.yml`, as the machine or ' +
      'container of Prometheus sees them, and reload Prometheus (`kill -HUP` on its process). Its page `/targets` lists what it scrapes.',
  },
  targetDown: {
    symptom: 'A target is down.',
    text:
      'Prometheus cannot read this target; the error is the one that Prometheus reports. On the machine of Prometheus the address ' +
      'must answer to `curl`: an endpoint on loopback answers only on its own machine. Remove a target that is gone for good from ' +
      '`prometheus.yml`.',
  },
  exportedJob: {
    symptom: 'The job is called `exported_job`.',
    text:
      'The endpoint sets the label `job` itself. Set `honor_labels: true` in the scrape configuration, as in the one that ' +
      '`tta export prometheus` writes. Without it the rules and dashboards find nothing.',
  },
  noRules: {
    symptom: 'There are no rules.',
    text:
      'The alerts read recording rules. `tta export rules` and `tta export alerts` write them; name the files under ' +
      '`rule_files` in `prometheus.yml` and reload Prometheus.',
  },
  ruleFails: {
    symptom: 'A rule does not evaluate.',
    text:
      '`promtool check rules` finds mistakes in the file. If there are two series where one was expected, the endpoint is scraped ' +
      'twice, under two jobs: remove one of them.',
  },
  clock: {
    symptom: 'The clocks differ.',
    text:
      'If the clocks of two machines differ, their samples, spans and alerts do not fit together, and Prometheus refuses samples ' +
      'from the future. Let a time service set the clocks (`timedatectl set-ntp true`). In a virtual machine that was suspended, ' +
      'restart the time service.',
  },
  noCollector: {
    symptom: 'The collector does not answer.',
    text:
      'Start it with what `tta export collector` writes, or name the one that you have with `OTEL_EXPORTER_OTLP_ENDPOINT`. Spans ' +
      'that it does not take are dropped after some time and counted in `tta_spans_lost_total`. Workflows and metrics do not need it.',
  },
  collectorDenies: {
    symptom: 'The collector refuses spans.',
    text:
      '401 and 403 mean that its token is missing or wrong: `OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer%20TOKEN"`. 404 means ' +
      'that another service has this port. 429 and 503 mean that the collector is full: give it more memory, or make fewer spans with ' +
      '`OTEL_TRACES_SAMPLER=parentbased_traceidratio`.',
  },
  collectorDrops: {
    symptom: 'The collector drops spans.',
    text:
      '`otelcol_receiver_refused_spans` counts the spans that its `memory_limiter` refused. `otelcol_exporter_send_failed_spans` ' +
      'and `otelcol_exporter_enqueue_failed_spans` count those that the trace store behind it did not take. Check that the store ' +
      'answers, and make the `sending_queue` large enough for the time when it does not.',
  },
  oldNode: {
    symptom: 'Node.js is too old.',
    text: 'Install 20.19 or newer from https://nodejs.org/en/download. The program that is observed needs it too.',
  },
  peers: {
    symptom: 'The versions do not fit.',
    text:
      'The packages of OpenTelemetry work together only in one set of versions. Install exactly the versions that ' +
      '`npm view tta-primitives peerDependencies` names; the error of `register` prints the whole line.',
  },
  duplicates: {
    symptom: 'There are two copies of one package.',
    text:
      'A process that loads two versions of `@opentelemetry/api` or of this package has two telemetries, and one of them shows ' +
      'nothing. `npm ls @opentelemetry/api` shows which package brings the second one. `npm dedupe`, or `overrides` in ' +
      '`package.json`, leaves one.',
  },
} as const satisfies Record<string, Remedy>;
