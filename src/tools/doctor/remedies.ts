/** What to do, told once: `tta doctor` says it, and README.md has it as its troubleshooting section. */

export interface Remedy {
  /** What the user sees, as a sentence. */
  readonly symptom: string;
  /** Markdown: the terminal shows it as it stands. */
  readonly text: string;
}

export const REMEDY = {
  noEndpoint: {
    symptom: 'The metrics do not show.',
    text:
      'Does `curl http://127.0.0.1:9464/metrics` answer? If the connection is refused, `register` was not called in this process ' +
      '(`node --import tta-primitives/register app.js`), or the endpoint is on another port: the warning at the start says so, and ' +
      '`(await register()).metricsUrl` is where it is. From another machine or container it is not to be reached: it listens on ' +
      'loopback unless `OTEL_EXPORTER_PROMETHEUS_HOST=0.0.0.0` says otherwise.',
  },
  slowEndpoint: {
    symptom: 'The endpoint takes too long.',
    text:
      'A scrape is answered within milliseconds unless the event loop is blocked: look at `nodejs_eventloop_delay_p99_seconds`, ' +
      'and move what computes for long into a worker thread. `tta load` shows what is normal on this machine.',
  },
  portTaken: {
    symptom: 'The port is taken.',
    text:
      'The warning at the start names the process that holds it. Stop that one, or choose another port: ' +
      '`OTEL_EXPORTER_PROMETHEUS_PORT=9465`, or `0` for any free one. Workflows run on meanwhile, and traces still leave.',
  },
  noMetrics: {
    symptom: 'What answers is no scrape.',
    text:
      'Something else listens at this address, or a proxy stands before it. The path is `/metrics`; compare the whole address with ' +
      '`(await register()).metricsUrl`, and read with `curl -i` what really comes.',
  },
  noSeries: {
    symptom: 'There is an endpoint, but no data.',
    text:
      'Series of a primitive stand at 0 from the moment it is built. If they are missing, it was built by another copy of this ' +
      'package (`npm ls tta-primitives` shows one line?), or another SDK was registered first, which `register` warns about. Give ' +
      "that SDK's MeterProvider `ttaViews`.",
  },
  noMovement: {
    symptom: 'The rates are 0.',
    text:
      '`rate()` needs two scrapes within its window: with `scrape_interval: 15s` use `[1m]` or longer. A counter that never moves ' +
      'says that nothing runs: look at `tta_primitive_active`.',
  },
  frozen: {
    symptom: 'The numbers stand still.',
    text:
      'Two scrapes in a row were equal to the last digit, CPU time included: a cache or a proxy answers in place of the process. ' +
      'Scrape the process itself.',
  },
  overflow: {
    symptom: 'A label says `__other__`.',
    text:
      'A metric holds 2,000 series at most, and `tta_series_overflow_total` names the one that was to get more. Names of primitives ' +
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
      '`tta_spans_lost_total` counts what was not delivered, and why: `export_failed` says that nothing answers at ' +
      '`OTEL_EXPORTER_OTLP_ENDPOINT` (a collector listens on 4318 for HTTP, 4317 is gRPC). Spans wait up to five seconds for their ' +
      'batch; a process that calls `process.exit()` should `await sdk.shutdown()` before.',
  },
  noPrometheus: {
    symptom: 'Prometheus does not answer.',
    text:
      'Start it with what `tta export prometheus` writes: `prometheus --config.file=prometheus.yml`. Its log says why it would not ' +
      'start, and `promtool check config prometheus.yml` finds a mistake before. It listens on 9090.',
  },
  notScraped: {
    symptom: 'Prometheus does not scrape the endpoint.',
    text:
      "Add its host and port to `targets` of the job `tta-primitives` in `prometheus.yml`, as they are seen from Prometheus' own " +
      'machine or container, and reload it (`kill -HUP` on its process). Its page `/targets` lists what it scrapes.',
  },
  targetDown: {
    symptom: 'A target is down.',
    text:
      "Prometheus cannot read what it is told to scrape; the error is its own. From Prometheus' machine the address must answer to " +
      '`curl`: an endpoint on loopback does not, from elsewhere. A target that is gone for good belongs out of `prometheus.yml`.',
  },
  exportedJob: {
    symptom: 'The job is called `exported_job`.',
    text:
      'The endpoint says itself which job it is. Set `honor_labels: true` in the scrape configuration, as the one that ' +
      '`tta export prometheus` writes has it; the rules and dashboards find nothing otherwise.',
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
      '`promtool check rules` finds a mistake in the file. Two series where one was expected come from an endpoint that is scraped ' +
      'twice, under two jobs: remove one of them.',
  },
  clock: {
    symptom: 'The clocks differ.',
    text:
      'Samples, spans and alerts of machines whose clocks differ do not fit together, and Prometheus refuses samples from the ' +
      'future. Let a time service keep them (`timedatectl set-ntp true`); in a virtual machine that was asleep, restart it.',
  },
  noCollector: {
    symptom: 'The collector does not answer.',
    text:
      'Start it with what `tta export collector` writes, or name the one there is with `OTEL_EXPORTER_OTLP_ENDPOINT`. Spans are ' +
      'given up after a while and counted in `tta_spans_lost_total`; workflows and metrics do not need it.',
  },
  collectorDenies: {
    symptom: 'The collector refuses spans.',
    text:
      '401 and 403 say that its token is missing or wrong: `OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer%20TOKEN"`. 404 says ' +
      'that another service has this port, 429 and 503 that the collector is full: give it more memory, or make fewer spans with ' +
      '`OTEL_TRACES_SAMPLER=parentbased_traceidratio`.',
  },
  collectorDrops: {
    symptom: 'The collector drops spans.',
    text:
      '`otelcol_receiver_refused_spans` counts what its `memory_limiter` sent back, `otelcol_exporter_send_failed_spans` and ' +
      '`otelcol_exporter_enqueue_failed_spans` what the trace store behind it did not take. See that the store answers, and give ' +
      'the `sending_queue` room for the time that it does not.',
  },
  oldNode: {
    symptom: 'Node.js is too old.',
    text: 'Install 20.19 or newer from https://nodejs.org/en/download, for the program that is observed too.',
  },
  peers: {
    symptom: 'The versions do not fit.',
    text:
      'The packages of OpenTelemetry work together in one set only. Install exactly the versions that ' +
      '`npm view tta-primitives peerDependencies` names; the error of `register` prints the whole line.',
  },
  duplicates: {
    symptom: 'There are two copies of one package.',
    text:
      'A process that loads two versions of `@opentelemetry/api` or of this package has two telemetries, and one of them shows ' +
      'nothing. `npm ls @opentelemetry/api` tells who brings the second one; `npm dedupe`, or `overrides` in `package.json`, leaves one.',
  },
} as const satisfies Record<string, Remedy>;
