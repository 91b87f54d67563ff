/** The rooms with their allowed imports, and the kinds of lines that are allowed in some places only. */
import { ATTR, EVENT, INSTRUMENT } from '../../src/telemetry/semconv.ts';

export interface Room {
  /** A folder with a slash at its end, or one file. The room of a file is the first one that contains it. */
  readonly where: string;
  /**
   * What the files may import besides their own room: a folder or a file of this package, or another package
   * (`node:*` and `@scope/*` for all of a kind). `type ` before an entry allows imports of types only.
   */
  readonly may: readonly string[];
  /** What belongs in the room. The message about a violation contains it. */
  readonly what: string;
}

const PRIMITIVES = ['src/core/', 'src/telemetry/record/'];

export const ROOMS: readonly Room[] = [
  {
    where: 'src/index.ts',
    may: [
      ...['src/core/', 'src/flow/', 'src/resilience/', 'src/cache/', 'src/llm/', 'src/ledger/', 'src/wire/'],
      'src/platform/',
    ],
    what: 'the public names; loads no SDK, no server and no program',
  },
  { where: 'src/platform/', may: ['node:*'], what: 'the machine: time, ports, a server; nothing about primitives' },
  {
    where: 'src/telemetry/',
    may: ['@opentelemetry/api', 'src/platform/', 'src/ledger/money.ts'],
    what: 'the only room that uses the OpenTelemetry API; nothing about primitives, the SDK and views',
  },
  {
    where: 'src/core/',
    may: ['node:*', 'src/telemetry/', 'src/platform/', 'src/ledger/account.ts', 'type src/ledger/charge.ts'],
    what: 'the parts that all primitives share; nothing about single kinds and OpenTelemetry',
  },
  { where: 'src/flow/', may: PRIMITIVES, what: 'the order of work; telemetry only through telemetry/record' },
  {
    where: 'src/resilience/',
    may: [...PRIMITIVES, 'src/platform/read-property.ts', 'src/platform/process-wide.ts'],
    what: 'reactions to failures of work',
  },
  {
    where: 'src/cache/',
    may: [...PRIMITIVES, 'src/ledger/money.ts', 'src/platform/read-property.ts', 'lru-cache', 'node:async_hooks'],
    what: 'reuse of results',
  },
  {
    where: 'src/ledger/',
    may: ['@pydantic/genai-prices'],
    what: 'money: dollars from usage and prices; no observation, no context, no clock',
  },
  {
    where: 'src/llm/',
    may: [...PRIMITIVES, 'src/ledger/', 'src/platform/', 'src/telemetry/observe-call.ts', 'openai'],
    what: 'calls to models, with the client libraries of their providers, and what they cost',
  },
  {
    where: 'src/wire/',
    may: [
      ...[...PRIMITIVES, 'src/ledger/', 'src/llm/', 'src/platform/', 'src/telemetry/observe-call.ts'],
      ...['node:stream/web', 'node:util'],
    ],
    what: 'model calls as they cross the wire, whatever client makes them; no server, no timer',
  },
  {
    where: 'src/queue/',
    may: [
      ...[...PRIMITIVES, 'src/platform/', 'src/ledger/', 'src/llm/reserve.ts', 'src/telemetry/verdict.ts'],
      ...['src/telemetry/semconv.ts', 'type src/telemetry/observation.ts', 'node:async_hooks', 'node:crypto'],
      ...['src/resilience/', 'src/llm/reply-error.ts'],
      ...['bullmq', 'ioredis', '@nats-io/jetstream', '@nats-io/transport-node'],
    ],
    what: 'work that is done on other machines, with the client libraries of queue engines; no engine of our own',
  },
  {
    where: 'views/',
    may: ['@opentelemetry/sdk-metrics', 'type @opentelemetry/api', 'src/telemetry/semconv.ts'],
    what: "the Prometheus names; only the instruments' names from the rest of the package",
  },
  {
    where: 'src/prometheus/',
    may: [
      ...['node:crypto', 'node:http', 'node:util', 'node:v8', 'node:zlib'],
      '@opentelemetry/*',
      'views/',
      'src/platform/',
      'src/telemetry/scrapes.ts',
      'src/telemetry/meter.ts',
      'src/telemetry/exemplars.ts',
      ...['src/core/check.ts', 'src/core/rules.ts', 'src/core/show.ts'],
    ],
    what: 'the scrape; nothing about primitives',
  },
  {
    where: 'src/sdk/',
    may: [
      ...['node:*', '@opentelemetry/*'],
      ...['src/telemetry/', 'src/prometheus/', 'src/platform/', 'src/wire/', 'src/ledger/'],
      ...['src/core/check.ts', 'src/core/rules.ts', 'src/core/show.ts'],
      ...['src/llm/price-book.ts', 'src/llm/price-file.ts', 'src/llm/pending-charges.ts', 'src/llm/named-hosts.ts'],
    ],
    what: 'boots the SDK; nothing about primitives',
  },
  {
    where: 'src/testing/',
    may: [
      ...['node:*', '@opentelemetry/*'],
      'src/index.ts',
      'src/telemetry/semconv.ts',
      'src/prometheus/',
      'src/sdk/packages.ts',
      'src/sdk/globals.ts',
      'type src/sdk/span-types.ts',
      ...['src/platform/', 'src/core/check.ts', 'src/core/rules.ts'],
    ],
    what: "helpers for a user's tests; only public names, and an SDK in memory",
  },
  {
    where: 'collector/compose/',
    may: ['tta-primitives', 'tta-primitives/queue'],
    what: 'an example of work on workers that a user could have written',
  },
  {
    where: 'collector/grafana/',
    may: ['node:*', '@grafana/grafana-foundation-sdk/*', 'yaml'],
    what: 'dashboards as code: they have the names of metrics, and nothing of src',
  },
  {
    where: 'src/tools/digest/',
    may: ['node:*', 'src/index.ts', 'src/queue/index.ts'],
    what: 'a workflow that a user could have written',
  },
  {
    where: 'src/tools/offline-model/',
    may: ['node:*', 'src/platform/', 'gpt-tokenizer'],
    what: 'an HTTP model server without a model; nothing about primitives and OpenTelemetry',
  },
  {
    where: 'src/tools/studio/page/',
    may: [
      ...['preact', 'preact/hooks', '@preact/signals', '@tanstack/virtual-core', '@dagrejs/dagre', 'uplot', 'vite'],
      ...['src/tools/studio/api.ts', 'src/tools/studio/model/'],
    ],
    what: 'the page of Studio, for a browser; nothing of Node.js and of the server',
  },
  { where: 'src/tools/studio/model/', may: [], what: 'what spans say, for the server and the page; pure' },
  {
    where: 'src/tools/studio/',
    may: [
      ...['node:*', 'src/platform/', '@bufbuild/protobuf/wire', 'libsql', 'src/prometheus/parse.ts'],
      ...['src/tools/doctor/http-request.ts', 'src/tools/doctor/metrics-address.ts'],
    ],
    what: 'receives traces by OTLP over HTTP, keeps them and shows them; nothing about primitives and OpenTelemetry',
  },
  {
    where: 'src/tools/load/',
    may: [
      ...['node:*', 'src/platform/', 'hdr-histogram-js'],
      ...['src/tools/offline-model/model-server.ts', 'src/tools/studio/receive/receiver.ts'],
    ],
    what: 'sends requests and measures; nothing about primitives and the SDK',
  },
  {
    where: 'src/tools/doctor/',
    may: ['node:*', 'src/prometheus/parse.ts', 'src/prometheus/options.ts', 'src/platform/'],
    what: 'checks an installation from outside, by its endpoints and files',
  },
  {
    where: 'src/tools/worker/',
    may: ['node:*', 'src/index.ts', 'src/queue/index.ts', 'src/sdk/index.ts', 'src/platform/'],
    what: 'worker processes, from inside and from outside; it runs what others have made',
  },
  {
    where: 'src/tools/export/',
    may: ['node:*', 'src/platform/'],
    what: 'copies files out of the package; folders and names, nothing that runs',
  },
  {
    where: 'src/tools/cli/',
    may: [
      ...['node:*', 'commander', 'cli-table3', 'src/index.ts', 'src/sdk/index.ts', 'src/ledger/'],
      ...['src/sdk/environment.ts', 'src/prometheus/parse.ts', 'src/platform/', 'src/tools/', 'src/llm/price-file.ts'],
      ...['src/queue/index.ts', 'src/queue/envelope.ts'],
    ],
    what: 'the commands; only public names of the package',
  },
];

export interface Search {
  readonly rule: string;
  readonly pattern: RegExp;
  /** `code`: the pattern does not search strings. `text`: it does. Comments are never searched. */
  readonly within: 'code' | 'text';
  /** The places in which such a line is allowed. */
  readonly allowed: readonly string[];
  /** The places that are searched. @default src/ and views/ */
  readonly searched?: readonly string[];
  readonly correction: string;
}

const quoted = (names: readonly string[]) => {
  const dotted = names.filter((name) => name.includes('.')).map((name) => name.replaceAll('.', '\\.'));
  return new RegExp(`['"\`](?:${dotted.join('|')})['"\`]`, 'g');
};
const attributesAndEvents = [...Object.values(ATTR), ...Object.values(EVENT)];

export const SEARCHES: readonly Search[] = [
  {
    rule: 'instrument names are in telemetry/semconv.ts only',
    pattern: quoted(Object.values(INSTRUMENT).filter((name) => !attributesAndEvents.some((other) => other === name))),
    within: 'text',
    allowed: ['src/telemetry/semconv.ts'],
    correction: 'import INSTRUMENT from telemetry/semconv.ts',
  },
  {
    // Studio reads attributes of spans that arrive over the network: they are data, not our names.
    rule: 'attribute names are in telemetry/semconv.ts only',
    pattern: new RegExp(`${quoted(attributesAndEvents).source}|['"\`](?:tta|gen_ai)\\.[a-z_]+`, 'g'),
    within: 'text',
    allowed: ['src/telemetry/semconv.ts', 'src/tools/studio/'],
    correction: 'import ATTR from telemetry/semconv.ts',
  },
  {
    // The doctor reads an endpoint, which has only these names.
    rule: 'Prometheus names are in views, prometheus and tools only',
    pattern: /tta_\w*/g,
    within: 'text',
    allowed: ['views/', 'src/prometheus/', 'src/tools/doctor/', 'src/tools/cli/', 'src/tools/studio/'],
    correction: 'emit an instrument and name its metric in a table of views/',
  },
  {
    rule: 'deployment files have Prometheus names, no OpenTelemetry names',
    pattern: /\btta\.[a-z]+(?:[._][a-z]+)*\b/g,
    within: 'text',
    searched: ['collector/'],
    // The Collector reads spans: test/collector compares its attribute names with semconv.ts.
    allowed: ['collector/otelcol/'],
    correction: 'write the metric as the endpoint shows it: tta_..., see the tables of views/',
  },
  {
    rule: 'instruments are made in the tables of telemetry only',
    pattern: /\bcreate(?:Observable)?(?:Counter|UpDownCounter|Gauge|Histogram)\b/g,
    within: 'code',
    allowed: ['src/telemetry/series-table.ts', 'src/telemetry/histogram-table.ts'],
    correction: 'declare a SeriesTable or HistogramTable in telemetry/record/, and a method that adds to it',
  },
  {
    rule: 'a span ends in telemetry/lifecycle.ts only',
    pattern: /\b(?:setStatus|recordException)\b|\b\w*[sS]pan[?!]?\.end\s*\(/g,
    within: 'code',
    allowed: ['src/telemetry/lifecycle.ts'],
    correction: 'throw, and let the observation close the span',
  },
  {
    rule: 'the time is read in platform/ only',
    pattern:
      /\bset(?:Timeout|Interval)\b|\bDate\.now\b|\bnew Date\b(?!\s*\(\s*\w)|\bperformance\b(?!\s*\.timeOrigin)|\bprocess\.hrtime\b/g,
    within: 'code',
    allowed: ['src/platform/', 'src/tools/studio/page/src/browser.ts'],
    correction:
      "use the context's clock (now, sleep, after), or systemClock of platform/clock.ts outside of an execution",
  },
  {
    rule: 'timers are imported nowhere',
    pattern: /['"](?:node:)?timers(?:\/promises)?['"]/g,
    within: 'text',
    allowed: ['src/platform/'],
    correction: "use the context's clock (now, sleep, after)",
  },
  {
    rule: 'the environment is read in sdk and tools/cli only',
    pattern: /\bprocess\s*(?:\?\.|\.)\s*env\b|\bprocess\s*(?:\?\.)?\[|\benv\b[^;=]*\}\s*=\s*process\b/g,
    within: 'code',
    allowed: ['src/sdk/', 'src/tools/cli/', 'src/prometheus/options.ts'],
    correction: 'take an option, and let cli or sdk fill it from the environment',
  },
  {
    rule: 'the environment is imported in sdk and tools/cli only',
    pattern: /\{[^}]*\benv\b[^}]*\}\s*from\s*['"](?:node:)?process['"]/g,
    within: 'text',
    allowed: ['src/sdk/', 'src/tools/cli/', 'src/prometheus/options.ts'],
    correction: 'take an option, and let cli or sdk fill it from the environment',
  },
  {
    rule: 'only tools/cli writes to the terminal',
    pattern: /\bconsole\s*[.[]/g,
    within: 'code',
    allowed: ['src/tools/cli/'],
    correction: 'return the value, throw it, or call a function from the options',
  },
  {
    rule: 'the one HTTP server is in platform/http-server.ts',
    pattern: /\bcreateServer\b/g,
    within: 'code',
    allowed: ['src/platform/http-server.ts'],
    correction: 'use startHttpServer of platform/http-server.ts, or serveLoopback of platform/loopback.ts',
  },
  {
    rule: 'the one Prometheus reader is made in prometheus/provider.ts',
    pattern: /\bnew\s+(?:\w+\.)*Prometheus(?:Exporter|Serializer)\b/g,
    within: 'code',
    allowed: ['src/prometheus/provider.ts'],
    correction: 'use createSchemaProvider of prometheus/provider.ts',
  },
  {
    rule: 'the one signal handler is in platform/signals.ts',
    pattern: /\bprocess\s*\.\s*\w*(?:on|once|Listener)\s*\(\s*['"`]SIG/g,
    within: 'text',
    allowed: ['src/platform/signals.ts'],
    correction: 'use onEndSignals of platform/signals.ts',
  },
  {
    rule: 'exports are named',
    pattern: /\bexport\s*(?:type\s*)?\*|\bexport\s+default\b/g,
    within: 'code',
    // Vite reads the default export of its configuration.
    allowed: ['src/tools/studio/page/vite.config.ts'],
    correction: 'export the names: export { first, second } from ...',
  },
  {
    rule: 'imports have a literal specifier',
    pattern: /\b(?:import|require)\s*\(\s*[^'"\s]/g,
    within: 'code',
    // The module of a user.
    allowed: ['src/tools/worker/load-primitives.ts'],
    correction: "write the specifier as a text in the import: import('package')",
  },
  {
    // `register` loads packages synchronously, and `await import` is asynchronous.
    rule: 'only sdk calls createRequire',
    pattern: /\bcreateRequire\b/g,
    within: 'code',
    allowed: ['src/sdk/'],
    correction: "import the package, or load it on demand: await import('package')",
  },
];
