#!/usr/bin/env node
import { Argument, Command, Option } from 'commander';
import { EXPORT_KINDS, type ExportKind } from '../export/files.ts';
import { port, positive, rate, several, share, threshold, url, whole } from './arguments.ts';
import { type DigestCommandOptions, digestCommand } from './digest.ts';
import { type DoctorCommandOptions, doctorCommand } from './doctor.ts';
import { type ExportCommandOptions, exportCommand } from './export.ts';
import { type LoadCommandOptions, loadCommand } from './load.ts';
import { packageManifest } from './package-root.ts';

const program = new Command('tta')
  .description('AI workflows from building blocks that observe themselves.')
  .version(packageManifest().version)
  .option('--verbose', 'show where an error came from')
  .showHelpAfterError('(see tta --help)')
  .addHelpText(
    'after',
    `
In a project that has tta-primitives installed, run it as: npx tta COMMAND
Anywhere else, run it as: npx -p tta-primitives tta COMMAND
Do not run a bare "npx tta" there: it would run the package that has the name tta on the registry.`,
  );

program
  .command('digest')
  .description(
    'Summarise the Markdown and text files of a folder into one document, again and again, with metrics and traces of every step.',
  )
  .argument('[folder]', "the folder to read (default: this package's own documents)")
  .option(
    '-o, --out <file>',
    'where the digest goes, never inside the folder (default: digest.md in the current folder)',
  )
  .option('--once', 'end after one run', false)
  .option('--every <seconds>', 'how long to wait between two runs', positive, 5)
  .option('--concurrency <n>', 'how many parts are summarised at once', whole, 8)
  .option('--timeout <seconds>', 'how long one call of a model may take (default: 30, with --chaos 1.5)', positive)
  .option('--max-file <megabytes>', 'leave out larger files', positive, 10)
  .option('--model-small <name>', 'asked for short parts (default: gpt-4o-mini, offline: offline-small)')
  .option('--model-large <name>', 'asked for long parts (default: gpt-4o, offline: offline-large)')
  .option('--offline', 'use the built-in offline model whatever the environment says', false)
  .option('--chaos', 'let the offline model be slow, refuse and fail now and then', false)
  .addOption(new Option('--trace-port <port>', 'where the built-in trace page listens').argParser(port).default(4318))
  .addHelpText(
    'after',
    `
Examples:
  $ tta digest docs                        digest a folder until Ctrl-C, with the offline model
  $ tta digest docs --once --out /tmp/d.md one run, written where you want it
  $ tta digest docs --chaos                see retries, timeouts and fallbacks at work
  $ OPENAI_API_KEY=... tta digest docs     with real models and real dollars
  $ OPENAI_BASE_URL=http://localhost:11434/v1 tta digest docs --model-small llama3.2 --model-large llama3.2

While it runs:
  metrics  http://127.0.0.1:9464/metrics   (OTEL_EXPORTER_PROMETHEUS_PORT for another port, 0 for any free one)
  traces   http://127.0.0.1:4318           (OTEL_EXPORTER_OTLP_ENDPOINT sends them to your collector instead)`,
  )
  .action((folder: string | undefined, options: DigestCommandOptions) => digestCommand(folder, options));

program
  .command('doctor')
  .description(
    'Check a running installation from outside: endpoint, Prometheus, collector, clocks, versions. Says what to do.',
  )
  .argument('[url]', 'the metrics of the program (default: http://127.0.0.1:9464/metrics)', url)
  .option('--prometheus <url>', 'Prometheus (default: http://127.0.0.1:9090, no failure if there is none)', url)
  .option('--no-prometheus', 'there is no Prometheus to look for')
  .option('--collector <url>', 'where spans go (default: OTEL_EXPORTER_OTLP_ENDPOINT or http://127.0.0.1:4318)', url)
  .option('--no-collector', 'there is no collector to look for')
  .option('--collector-health <url>', "the collector's health check (default: its port 13133)", url)
  .option('--collector-metrics <url>', "the collector's own metrics (default: its port 8888, /metrics)", url)
  .option('--project <folder>', "the program's folder, for its packages (default: the current one)")
  .option('--wait <seconds>', 'how long to wait between two scrapes', positive, 2)
  .option('--timeout <seconds>', 'how long an answer may take', positive, 5)
  .option('--json', 'print the findings as JSON', false)
  .addHelpText(
    'after',
    `
Examples:
  $ tta doctor                                       a program on this machine, and what is beside it
  $ tta doctor http://app-1:9464/metrics --prometheus http://prometheus:9090
  $ tta doctor --no-prometheus --no-collector        the program alone
  $ tta doctor --json | jq '.findings[] | select(.verdict == "failure")'

Every check is a line: ok, warning, FAILURE or skipped, with what to do below it. Nothing is changed.
It ends with 1 when something fails. A Prometheus or a collector that nobody named and that is not there is a warning.`,
  )
  .action((given: string | undefined, options: DoctorCommandOptions) => doctorCommand(given, options));

program
  .command('load')
  .description(
    'Keep the digest workflow busy with texts of no file and the offline model, and measure: throughput, latencies, event loop, scrapes, spans, memory.',
  )
  .option('--rate <n>', "requests per second, or 'max' for as many as --concurrency lets through", rate, 20)
  .option('--concurrency <n>', 'the most requests at once', whole, 64)
  .option('--duration <seconds>', 'how long requests are begun', positive, 30)
  .option('--fault-share <share>', 'how many of the model calls fail, from 0 to 1', share, 0)
  .option('-o, --out <file>', 'write the report there as JSON too')
  .option('--json', 'print the report as JSON', false)
  .addHelpText(
    'after',
    `
Examples:
  $ tta load                               20 requests a second for 30 s
  $ tta load --rate 100 --duration 600 --out load.json
  $ tta load --rate max --concurrency 16   how much is possible
  $ tta load --fault-share 0.2             every fifth call of a model is refused, broken off or answered with 500

Requests are sent by the plan, whether or not earlier ones are answered. "since scheduled" counts from the planned moment, so
it holds what callers wait when the process stalls. Models, trace receiver and scraper run in a process of their own;
OTEL_EXPORTER_OTLP_ENDPOINT sends the spans to your collector instead. The scraper asks once a second and gives up after 10 s.

It ends with 1 when a request was not counted, a span was lost or a scrape was not answered in time.`,
  )
  .action((options: LoadCommandOptions) => loadCommand(options));

program
  .command('export')
  .description(
    'Write the rules, alerts, dashboards and configurations of this package into a folder, with your names and thresholds.',
  )
  .addArgument(new Argument('<what>', 'which of them').choices(EXPORT_KINDS))
  .option('--to <folder>', 'where they go, each in its own folder', 'observability')
  .option('--force', 'overwrite files that somebody has changed', false)
  .option('--job <name>', 'the scrape job of your applications (default: tta-primitives)')
  .option('--target <host:port>', 'an application to scrape, again for each (default: 127.0.0.1:9464)', several)
  .option('--threshold <rule=number>', 'what an alert or a recording rule compares with, again for each', threshold)
  .addHelpText(
    'after',
    `
Examples:
  $ tta export prometheus                              prometheus.yml, all rules and the target files: runs as it stands
  $ tta export prometheus --job shop --target shop-1:9464 --target shop-2:9464
  $ tta export alerts --threshold TTAHighErrorRate=2 --threshold TTAHighMemoryUsage=4000
  $ tta export rules --threshold tta:llm_budget_30d_dollars=250
  $ tta export dashboards --to /etc/grafana/tta        dashboards and provisioning
  $ tta export collector                               the OpenTelemetry Collector, for a laptop and for production

A file that is there and that you have changed stays: nothing is written then, and you are told which. One that was
written by an earlier release of this package is updated. A rule that has no threshold is answered with those that have.`,
  )
  .action((what: ExportKind, options: ExportCommandOptions) => exportCommand(what, options));

// A reader that has seen enough (| head) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

program.parseAsync().catch((error: unknown) => {
  const { verbose } = program.opts<{ verbose?: boolean }>();
  console.error(verbose ? error : `tta: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
