/** What to do about a finding, for `tta doctor` and for the section "Troubleshooting" of collector/README.md. */

export interface Remedy {
  /** The problem as the user sees it, one sentence. */
  readonly symptom: string;
  /** What to do, as Markdown. The terminal shows the Markdown unchanged. */
  readonly text: string;
}

export const REMEDY = {
  noEndpoint: {
    symptom: 'The metrics do not show.',
    text:
      'Does `curl http://127.0.0.1:9464/metrics` answer? If the connection is refused, nothing was registered in this process ' +
      '(`node --import tta-primitives/register app.js`), or the endpoint has another address, which is in ' +
      '`(await register()).metricsUrl`, with `register` of `tta-primitives/sdk`. If the port is taken, a warning at the start says ' +
      'so. The endpoint listens on loopback only: other machines and containers reach it if you set ' +
      '`OTEL_EXPORTER_PROMETHEUS_HOST=0.0.0.0`. With `OTEL_METRICS_EXPORTER` set to `otlp` or `none` there is no endpoint.',
  },
  slowEndpoint: {
    symptom: 'The endpoint takes too long.',
    text:
      'A scrape is answered within milliseconds unless the event loop is blocked: look at `nodejs_eventloop_delay_p99_seconds`, ' +
      'and move long computations into a worker thread. A scrape also waits, 5 seconds at most, for callbacks of observable ' +
      'instruments (`tta_scrape_callback_errors_total`). `tta load` shows what is normal on this machine.',
  },
  portTaken: {
    symptom: 'The port is taken.',
    text:
      'The warning at the start names the process that uses the port. Stop that process, or choose another port: ' +
      '`OTEL_EXPORTER_PROMETHEUS_PORT=9465`, or `0` for any free port. Until then workflows run, and traces are sent.',
  },
  noMetrics: {
    symptom: 'The answer is not a scrape.',
    text:
      'Another program listens at this address, or a proxy is in front of the endpoint. The path is `/metrics`. Compare the ' +
      'whole address with `(await register()).metricsUrl`, and read the answer with `curl -i`.',
  },
  endpointToken: {
    symptom: 'The endpoint asks for a token.',
    text:
      'Run `tta doctor --token-file FILE`, or set `TTA_PROMETHEUS_TOKEN` to the token of the program. Prometheus needs it too: ' +
      '`authorization: { credentials_file: /etc/prometheus/tta-token }` in the scrape configuration.',
  },
  endpointHost: {
    symptom: 'The endpoint answers 403.',
    text:
      'An endpoint on loopback answers only requests for a name of this machine, so that no web page can read it. Ask for ' +
      '`127.0.0.1` or `localhost`, or allow the name: `TTA_PROMETHEUS_ALLOWED_HOSTS=metrics.internal`. If the answer does not say so, it ' +
      'comes from a proxy in front of the endpoint.',
  },
  endpointFails: {
    symptom: 'The endpoint answers 503.',
    text:
      'It could collect nothing, and its answer says why. After `shutdown()` of the SDK that is normal: end the process, or shut ' +
      'down later. `tta_scrape_failures_total` counts these answers.',
  },
  noSeries: {
    symptom: 'There is an endpoint, but no data.',
    text:
      'A primitive has series, at 0, as soon as it is built. If they are missing, another copy of this package built the ' +
      'primitive (`npm ls tta-primitives` must show one version), or another SDK was registered first: `register` warns of that. ' +
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
      'A metric has 2,000 series at most and a process 50,000 samples; `tta_series_overflow_total` names the metric that needed ' +
      'more, also one of your own. Names of primitives and workflows are for code, not for data: build primitives once, outside of ' +
      'the request, and put data into `tags`.',
  },
  nearlyFull: {
    symptom: 'A scrape is nearly full.',
    text:
      'A process shows 50,000 samples at most; new series are counted under `__other__` then, and no shown series disappears. ' +
      '`topk(10, count by (__name__) ({job="tta-primitives"}))` names the largest metrics. If all of them are wanted, raise `maxSamples` ' +
      'of the exporter, and `sample_limit` of Prometheus with it.',
  },
  exporter: {
    symptom: 'Another exporter serves the metrics.',
    text:
      "With OpenTelemetry's own exporter the series have no limit that holds, one label of your own such as `job` makes " +
      'Prometheus refuse the whole scrape, a scrape blocks the program, and there are no exemplars. Use `PrometheusExporter` of ' +
      '`tta-primitives/prometheus` in its place: it takes the same options. An older version of this package has that exporter too.',
  },
  noViews: {
    symptom: 'The labels are not those of the schema.',
    text:
      'The MeterProvider has no `ttaViews`, so rules and dashboards find nothing: ' +
      '`new MeterProvider({ views: [...ttaViews], readers: [exporter] })`, with `ttaViews` of `tta-primitives/views`. `NodeSDK` takes ' +
      '`views` too. A file of declarative configuration cannot have them.',
  },
  dropped: {
    symptom: 'A metric is missing, and the others are there.',
    text:
      '`tta_scrape_dropped_total` counts measurements that Prometheus cannot take, by reason: `name` (no usable name), `conflict` ' +
      '(another metric has the name), `unsupported` (a kind of metric without a text format), `invalid` (a value that its type does ' +
      'not allow), `limit` (no room for another metric). A warning in the log of the program names the metric: rename it, or give it a name by a view.',
  },
  callbacks: {
    symptom: 'A callback of an observable instrument gives no values.',
    text:
      'It threw (`failed`) or did not end in time (`timeout`), and a warning in the log of the program has the error. Its metric has ' +
      'gaps; all others are complete. Let it read a value that is there already, or give its requests a short deadline.',
  },
  workerStuck: {
    symptom: 'A worker does not give its metrics.',
    text:
      'Its event loop is blocked, so the sums do not have what it did since its last answer. They have it again when it answers. ' +
      'Find the synchronous work, or end that worker.',
  },
  pushFails: {
    symptom: 'Metrics do not reach the collector.',
    text:
      'A warning in the log of the program has the answer of the collector. The shipped collector takes metrics with `push.yaml` only, ' +
      'at a port of their own: `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://127.0.0.1:4319/v1/metrics`. Is the token right? Each ' +
      'delivery has everything since the start of the process: the next one makes up for those that failed.',
  },
  unpriced: {
    symptom: 'The dollars of a call are missing.',
    text:
      '`tta_llm_unpriced_requests_total` counts calls whose price is not known. `tta prices MODEL` shows what is. Give the price in ' +
      'dollars per million tokens: in a JSON file that `TTA_PRICES` names, such as `{ "prices": { "my-model": { "input": 3, "output": 15 } } }`, ' +
      'or with `modelCalls: { prices }` of `register`, or `llm(model, { prices })`. A gateway or a server of your own has no prices ' +
      'until `priceAs` says what its models are priced as: its dollars would be counted twice if it counts them too.',
  },
  unmetered: {
    symptom: 'The dollars are lower than the bill.',
    text:
      '`tta_llm_unmetered_requests_total` counts calls whose tokens are not known, or only in part, for which a price does not help. ' +
      'A provider sends the usage of a stream at its end: read streams to their end. OpenAI and servers like it send it only if ' +
      'they are asked: `stream_options: { include_usage: true }` in the client, or `modelCalls: { includeUsage: true }` of ' +
      '`register`. What these calls cost stands only on the bill of the provider.',
  },
  unrecognised: {
    symptom: 'Requests to a provider are not read.',
    text:
      'Pictures, sound, batches and files are no model calls that the package can read: `tta_llm_unmetered_requests_total` counts ' +
      'them with `model="__unrecognised__"`, so that they are not forgotten. What they cost stands only on the bill of the provider.',
  },
  unobserved: {
    symptom: 'A call to a model is in no metric.',
    text:
      'Observed are calls over `fetch` to the hosts that `tta doctor` lists. Name another host with `TTA_MODEL_HOSTS=litellm:4000=litellm`, ' +
      'or observe every host with `TTA_MODEL_CALLS=all`. A client that was made before `register` may have kept the earlier `fetch`: ' +
      'load `tta-primitives/register` by `--import`. Clients that use `node:http`, got or node-fetch are not seen.',
  },
  spansLost: {
    symptom: 'No traces arrive.',
    text:
      'Is there a collector at `OTEL_EXPORTER_OTLP_ENDPOINT` (its port is 4318 for HTTP, 4317 for gRPC)? A warning says why spans could ' +
      'not be delivered. `tta_spans_lost_total` counts spans that are lost, by reason: `export_failed` means that the collector ' +
      'refused them or did not answer in time, `queue_full` that it was away for too long. Spans wait up to five seconds for their ' +
      'batch; a process that is killed by SIGKILL loses those.',
  },
  noPrometheus: {
    symptom: 'Prometheus does not answer.',
    text:
      'Start Prometheus with the files of `tta export prometheus`: `prometheus --config.file=observability/prometheus/prometheus.yml`. Its log says why it ' +
      'does not start, and `promtool check config prometheus.yml` finds mistakes before the start. It listens on port 9090.',
  },
  notScraped: {
    symptom: 'Prometheus does not scrape the endpoint.',
    text:
      'Add the host and port of the endpoint to `targets` of the job `tta-primitives` in `prometheus.yml`, as the machine or ' +
      'container of Prometheus sees them, and reload Prometheus (`kill -HUP` on its process). Its page `/targets` lists its targets.',
  },
  targetDown: {
    symptom: 'A target is down.',
    text:
      'Prometheus cannot read this target, and reports this error. `curl` on the machine of Prometheus must get an answer from the ' +
      'address: an endpoint on loopback answers only on its own machine. If there is no such program, remove its job from ' +
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
  otherJob: {
    symptom: 'The rules look for another job.',
    text:
      'The rules look for a scrape job whose name begins with `tta-`. With another one `TTAServiceDown` cannot fire, and ' +
      '`TTAMissingMetrics` does. Give the scrape job such a name, or write all files again with `tta export all --job NAME`.',
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
      'Start a collector with the files of `tta export collector`, or on a laptop `tta studio`; or set `OTEL_EXPORTER_OTLP_ENDPOINT` ' +
      'to the URL of yours. Until then spans wait in the program; those for which it has no room count in `tta_spans_lost_total`. ' +
      'Workflows and metrics need no collector.',
  },
  collectorDenies: {
    symptom: 'The collector refuses spans.',
    text:
      '401 and 403 mean that the token is missing or wrong: `OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer%20TOKEN"`. 404 means ' +
      'that another service uses this port. 429 and 503 mean that the collector is full: give it more memory, or make fewer spans with ' +
      '`OTEL_TRACES_SAMPLER=parentbased_traceidratio`.',
  },
  collectorDrops: {
    symptom: 'The collector drops spans, or keeps them.',
    text:
      '`otelcol_receiver_refused_spans` counts the spans that its `memory_limiter` refused. `otelcol_exporter_send_failed_spans` ' +
      'and `otelcol_exporter_enqueue_failed_spans` count the spans that the trace store did not accept. A queue from which nothing is ' +
      'sent waits for a store that does not answer, and drops spans when it is full. Check that the store answers at ' +
      '`TTA_COLLECTOR_TRACES`, and make the `sending_queue` large enough for the times when it does not answer.',
  },
  oldNode: {
    symptom: 'Node.js is too old.',
    text: 'Install 20.19 or newer from https://nodejs.org/en/download. The observed program needs it too.',
  },
  peers: {
    symptom: 'The versions do not fit.',
    text:
      'The packages of OpenTelemetry work together only in one set of versions. `npm view tta-primitives peerDependencies` names ' +
      'the versions that fit; the error of `register` prints the whole line to install.',
  },
  duplicates: {
    symptom: 'There are two copies of one package.',
    text:
      'A copy of `@opentelemetry/api` or of this package does not see what an older version registers, unless `register` of ' +
      '`tta-primitives/sdk` registers it. `npm ls @opentelemetry/api` shows which package installs the second version. `npm dedupe`, or `overrides` in ' +
      '`package.json`, leaves one.',
  },
} as const satisfies Record<string, Remedy>;
