/** The rooms and what each may import; the lines that have one place only. */
import { ATTR, EVENT, INSTRUMENT } from '../../src/telemetry/semconv.ts';

export interface Room {
  /** A folder with its slash, or one file. The first room that holds a file is its room. */
  readonly where: string;
  /**
   * What its files may import besides their own room: a folder of ours with its slash, a file of ours, a package
   * (`node:*` and `@scope/*` for all of a kind). After `type ` it may be imported as a type only.
   */
  readonly may: readonly string[];
  /** What the room is, so that whoever breaks the rule sees where the line belongs. */
  readonly what: string;
}

const PRIMITIVES = ['src/core/', 'src/telemetry/record/', 'src/platform/read-property.ts'];
const SDK = ['node:*', '@opentelemetry/*', 'views/'];

export const ROOMS: readonly Room[] = [
  {
    where: 'src/index.ts',
    may: ['src/core/', 'src/flow/', 'src/resilience/', 'src/cache/', 'src/llm/', 'src/ledger/', 'src/platform/'],
    what: 'the front door names what is public and loads no SDK, no server and no program',
  },
  { where: 'src/platform/', may: ['node:*'], what: 'the machine: time, ports, a server; it knows nothing of ours' },
  {
    where: 'src/telemetry/',
    may: ['@opentelemetry/api', 'src/platform/'],
    what: 'the only room that speaks the OpenTelemetry API; it knows no primitive, no SDK and no view',
  },
  {
    where: 'src/core/',
    may: ['node:*', 'src/telemetry/', 'src/platform/'],
    what: 'what a primitive is; it knows no kind of primitive and not OpenTelemetry',
  },
  { where: 'src/flow/', may: PRIMITIVES, what: 'the order of work; telemetry is told in verbs of telemetry/record' },
  { where: 'src/resilience/', may: PRIMITIVES, what: 'what happens when work fails' },
  {
    where: 'src/cache/',
    may: [...PRIMITIVES, 'lru-cache', 'node:crypto', 'node:async_hooks'],
    what: 'not doing it twice',
  },
  {
    where: 'src/ledger/',
    may: ['@pydantic/genai-prices'],
    what: 'money: usage and prices in, dollars out; no observation, no context, no clock',
  },
  {
    where: 'src/llm/',
    may: [...PRIMITIVES, 'src/ledger/', 'src/platform/optional.ts', 'openai'],
    what: 'work that a model does, over the libraries of its own port',
  },
  {
    where: 'views/',
    may: ['@opentelemetry/sdk-metrics', 'type @opentelemetry/api', 'src/telemetry/semconv.ts'],
    what: "the Prometheus dialect; it knows the instruments' names and nothing else of ours",
  },
  {
    where: 'src/prometheus/',
    may: [...SDK, 'src/telemetry/semconv.ts', 'src/platform/'],
    what: 'the scrape; it knows no primitive',
  },
  {
    where: 'src/sdk/',
    may: [...SDK, 'src/telemetry/', 'src/prometheus/', 'src/platform/', 'src/core/check.ts', 'src/core/rules.ts'],
    what: 'boots the SDK; it knows no primitive',
  },
  {
    where: 'src/testing/',
    may: [...SDK, 'src/index.ts', 'src/prometheus/', 'src/sdk/packages.ts', 'src/platform/'],
    what: "a user's tests see what a user sees: the front doors, and an SDK in memory",
  },
  { where: 'src/tools/digest/', may: ['node:*', 'src/index.ts'], what: 'a workflow that a user could have written' },
  {
    where: 'src/tools/offline-model/',
    may: ['node:*', 'src/platform/', 'gpt-tokenizer'],
    what: 'a model server without a model; it speaks HTTP and knows neither primitives nor OpenTelemetry',
  },
  {
    where: 'src/tools/trace-receiver/',
    may: ['node:*', 'src/platform/', 'protobufjs'],
    what: 'takes traces and shows them; it speaks OTLP over HTTP and knows neither primitives nor OpenTelemetry',
  },
  {
    where: 'src/tools/load/',
    may: [
      ...['node:*', 'src/platform/', 'hdr-histogram-js'],
      ...['src/tools/offline-model/model-server.ts', 'src/tools/trace-receiver/trace-receiver.ts'],
    ],
    what: 'keeps whatever it is given busy and measures; it knows neither primitives nor the SDK',
  },
  {
    where: 'src/tools/doctor/',
    may: ['node:*', 'src/prometheus/parse.ts', 'src/platform/'],
    what: 'looks at an installation from outside, as its endpoints and files show it',
  },
  {
    where: 'src/tools/export/',
    may: ['node:*'],
    what: 'takes files out of the package; it knows folders and names, and nothing that runs',
  },
  {
    where: 'src/tools/cli/',
    may: [
      ...['node:*', 'commander', 'cli-table3', 'src/index.ts', 'src/sdk/index.ts', 'views/index.ts'],
      ...['src/sdk/environment.ts', 'src/prometheus/parse.ts', 'src/platform/', 'src/tools/'],
    ],
    what: 'the hands; it uses the front doors and nothing behind them',
  },
];

export interface Search {
  readonly rule: string;
  readonly pattern: RegExp;
  /** `code` is blind to strings, `text` sees them; neither sees comments. */
  readonly within: 'code' | 'text';
  /** Where such a line is at home. */
  readonly home: readonly string[];
  /** Where it is looked for. @default src/ and views/ */
  readonly over?: readonly string[];
  readonly mend: string;
}

const quoted = (names: readonly string[]) => {
  const dotted = names.filter((name) => name.includes('.')).map((name) => name.replaceAll('.', '\\.'));
  return new RegExp(`['"\`](?:${dotted.join('|')})['"\`]`, 'g');
};
const ours = [...Object.values(ATTR), ...Object.values(EVENT)].filter((name) => /^(?:tta|gen_ai)\./.test(name));

export const SEARCHES: readonly Search[] = [
  {
    rule: 'instrument names stand in telemetry/semconv.ts only',
    pattern: quoted(Object.values(INSTRUMENT).filter((name) => !ours.some((attribute) => attribute === name))),
    within: 'text',
    home: ['src/telemetry/semconv.ts'],
    mend: 'import INSTRUMENT from telemetry/semconv.ts',
  },
  {
    // What the trace receiver looks for in spans that arrive over the network is data of whoever sent them.
    rule: 'attribute names stand in telemetry/semconv.ts only',
    pattern: new RegExp(`${quoted(ours).source}|['"\`]tta\\.[a-z_]+`, 'g'),
    within: 'text',
    home: ['src/telemetry/semconv.ts', 'src/tools/trace-receiver/'],
    mend: 'import ATTR from telemetry/semconv.ts',
  },
  {
    // doctor reads what an endpoint shows: it sees nothing but those words.
    rule: "Prometheus' words stand in views, prometheus and tools only",
    pattern: /tta_\w*/g,
    within: 'text',
    home: ['views/', 'src/prometheus/', 'src/tools/doctor/', 'src/tools/cli/'],
    mend: 'emit an instrument and name its metric in a table of views/',
  },
  {
    rule: "what runs beside us reads Prometheus' words, never OpenTelemetry's",
    pattern: /\btta\.[a-z]+(?:[._][a-z]+)*\b/g,
    within: 'text',
    over: ['collector/'],
    // The Collector reads spans: test/collector holds its attribute names to those of semconv.ts.
    home: ['collector/otelcol/'],
    mend: 'write the metric as the endpoint shows it: tta_..., see the tables of views/',
  },
  {
    rule: 'instruments are made in telemetry/instruments.ts only',
    pattern: /\bcreate(?:Observable)?(?:Counter|UpDownCounter|Gauge|Histogram)\b/g,
    within: 'code',
    home: ['src/telemetry/instruments.ts'],
    mend: 'declare a SeriesTable or HistogramTable in telemetry/record/ and give it a verb',
  },
  {
    rule: 'a span ends in telemetry/lifecycle.ts only',
    pattern: /\b(?:setStatus|recordException)\b|\b\w*[sS]pan\??\.end\s*\(/g,
    within: 'code',
    home: ['src/telemetry/lifecycle.ts'],
    mend: 'throw, and let the observation close the span',
  },
  {
    rule: 'time is asked in platform/ only',
    pattern: /\bset(?:Timeout|Interval)\b|\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.now\b/g,
    within: 'code',
    home: ['src/platform/'],
    mend: "use the context's clock (now, sleep, after), or systemClock of platform/clock.ts outside of an execution",
  },
  {
    rule: 'timers are imported nowhere',
    pattern: /['"](?:node:)?timers(?:\/promises)?['"]/g,
    within: 'text',
    home: ['src/platform/'],
    mend: "use the context's clock (now, sleep, after)",
  },
  {
    rule: 'the environment is read in sdk and tools/cli only',
    pattern: /\bprocess\s*(?:\?\.|\.)\s*env\b|\bprocess\s*(?:\?\.)?\[|\benv\b[^;=]*\}\s*=\s*process\b/g,
    within: 'code',
    home: ['src/sdk/', 'src/tools/cli/'],
    mend: 'take an option, and let cli or sdk fill it from the environment',
  },
  {
    rule: 'the environment is imported in sdk and tools/cli only',
    pattern: /\{[^}]*\benv\b[^}]*\}\s*from\s*['"](?:node:)?process['"]/g,
    within: 'text',
    home: ['src/sdk/', 'src/tools/cli/'],
    mend: 'take an option, and let cli or sdk fill it from the environment',
  },
  {
    rule: 'only tools/cli talks to the terminal',
    pattern: /\bconsole\s*[.[]/g,
    within: 'code',
    home: ['src/tools/cli/'],
    mend: 'return it, throw it, or take a function to tell',
  },
  {
    rule: 'what is exported is named',
    pattern: /\bexport\s*\*|\bexport\s+default\b/g,
    within: 'code',
    home: [],
    mend: 'name what is public: export { one, two } from ...',
  },
  {
    rule: 'what is imported can be read off the line',
    pattern: /\b(?:import|require)\s*\(\s*[^'"\s]/g,
    within: 'code',
    home: [],
    mend: "write the specifier as a text where it is loaded: import('package')",
  },
  {
    // `register` answers whether packages are there, and is not to wait for them.
    rule: 'only sdk makes itself a require',
    pattern: /\bcreateRequire\b/g,
    within: 'code',
    home: ['src/sdk/'],
    mend: "import it, or load it on demand: await import('package')",
  },
];
