#!/usr/bin/env node
import { inspect } from 'node:util';
import { Argument, Command, Option } from 'commander';
import { foreignText, withoutControls } from '../../platform/foreign-text.ts';
import { messageOf } from '../../platform/message-of.ts';
import { EXPORT_KINDS, type ExportKind } from '../export/files.ts';
import {
  collect,
  collectUrls,
  date,
  megabytes,
  port,
  positiveInteger,
  positiveNumber,
  rate,
  share,
  threshold,
  url,
  workerCount,
} from './arguments.ts';
import { type DigestCommandOptions, digestCommand } from './digest.ts';
import { type DoctorCommandOptions, doctorCommand } from './doctor.ts';
import { type ExportCommandOptions, exportCommand } from './export.ts';
import { type LoadCommandOptions, loadCommand } from './load.ts';
import { type OfflineModelCommandOptions, offlineModelCommand } from './offline-model.ts';
import { packageManifest } from './package-root.ts';
import { type PricesCommandOptions, pricesCommand } from './prices.ts';
import { printError } from './print.ts';
import {
  type ChangeCommandOptions,
  type DeadCommandOptions,
  type DropCommandOptions,
  deadCommand,
  dropCommand,
  type QueueCommandOptions,
  retryCommand,
  type ShowCommandOptions,
  showCommand,
  statsCommand,
} from './queue.ts';
import { DEFAULT_TARGET, type StudioCommandOptions, studioCommand } from './studio.ts';
import { type WorkerCommandOptions, workerCommand } from './worker.ts';

const program = new Command('tta')
  .description('AI workflows from building blocks that observe themselves.')
  .version(packageManifest().version)
  .option('--verbose', 'show where an error came from')
  .showHelpAfterError('(see tta --help)')
  .configureOutput({ writeErr: (text) => process.stderr.write(withoutControls(text)) })
  .addHelpText(
    'after',
    `
In a project that has tta-primitives installed, run it as: npx tta COMMAND
Anywhere else, run it as: npx -p tta-primitives tta COMMAND
Do not run a bare "npx tta" there: it would run the package that has the name tta on the registry.`,
  );

const redisOption = () =>
  new Option('--redis <url>', 'the Redis of a BullMQ queue (default: REDIS_URL, or redis://127.0.0.1:6379)');
const prefixOption = () =>
  new Option('--prefix <text>', 'the prefix of the queue, if its program gives one to bullmqQueue or natsQueue');
const natsOption = () =>
  new Option('--nats <url>', 'the NATS server of a JetStream queue, instead of a Redis (default: NATS_URL)');

program
  .command('digest')
  .description(
    'Summarise the Markdown and text files of a folder into one document, with metrics and traces of every step. Repeats until Ctrl-C.',
  )
  .argument('[folder]', 'the folder to read (default: the documents of this package)')
  .option(
    '-o, --out <file>',
    'the file for the digest, not inside the folder (default: digest.md in the current folder, or in a new temporary folder if the current one is read)',
  )
  .option('--once', 'end after one run', false)
  .option('--every <seconds>', 'the pause between two runs', positiveNumber, 5)
  .option('--yes', 'do not ask before a large folder goes to a model that may cost money', false)
  .option(
    '--budget <dollars>',
    'the most that the models may cost; what is summarised until then is written (default: no limit)',
    positiveNumber,
  )
  .option('--concurrency <n>', 'the number of parts that are summarised at once', positiveInteger, 8)
  .option('--workers <n>', 'ask the models in so many other processes, with a queue', workerCount)
  .addOption(redisOption())
  .addOption(natsOption())
  .option('--timeout <seconds>', 'the timeout of one model call (default: 30, with --chaos 1.5)', positiveNumber)
  .option('--max-file <megabytes>', 'skip larger files', positiveNumber, 10)
  .option('--model-small <name>', 'the model for short parts (default: gpt-4o-mini, offline: offline-small)')
  .option('--model-large <name>', 'the model for long parts (default: gpt-4o, offline: offline-large)')
  .option('--offline', 'use the built-in offline model, also when the environment names another one', false)
  .option('--chaos', 'make some calls of the offline model slow or failing', false)
  .addOption(
    new Option('--studio-port <port>', 'the port of Studio, which shows the runs').argParser(port).default(4318),
  )
  .option('--no-studio', 'do not start Studio')
  .option('--no-open', 'do not open Studio in a browser')
  .addHelpText(
    'after',
    `
Examples:
  $ tta digest docs                        digest a folder until Ctrl-C, with the offline model
  $ tta digest docs --once --out /tmp/d.md one run, written to a file of your choice
  $ tta digest docs --chaos                with retries, timeouts and fallbacks
  $ tta digest docs --workers 4            the models are asked by four processes, with a queue in the Redis of this machine
  $ OPENAI_API_KEY=... tta digest docs --budget 0.50
                                           with real models, which cost money, and 50 cents at the most
  $ OPENAI_BASE_URL=http://localhost:11434/v1 tta digest docs --model-small llama3.2 --model-large llama3.2

Before more than 100 calls, 100,000 tokens or 10 cents go to a model that is not the offline one, it says what that will cost
and asks; without a terminal it ends then, unless you add --yes. Ctrl-C ends a run and writes what it has summarised until then;
a second Ctrl-C ends at once.

While it runs:
  studio   http://127.0.0.1:4318           runs, steps, errors, times, dollars; tta studio shows them again later
                                           (OTEL_EXPORTER_OTLP_ENDPOINT sends the traces to your collector instead)
  metrics  http://127.0.0.1:9464/metrics   (OTEL_EXPORTER_PROMETHEUS_PORT for another port, 0 for any free one)`,
  )
  .action((folder: string | undefined, options: DigestCommandOptions) => digestCommand(folder, options));

program
  .command('doctor')
  .description(
    'Check a running installation from outside: endpoint, Prometheus, collector, clocks, versions. Prints what to do.',
  )
  .argument(
    '[url]',
    'the metrics endpoint of the program, /metrics if it has no path (default: http://127.0.0.1:9464/metrics)',
    url,
  )
  .option('--token-file <file>', 'a file with the bearer token of the endpoint (default: TTA_PROMETHEUS_TOKEN)')
  .option('--prometheus <url>', 'the Prometheus (default: http://127.0.0.1:9090, only a warning if there is none)', url)
  .option('--no-prometheus', 'do not check Prometheus')
  .option(
    '--collector <url>',
    'the collector (default: OTEL_EXPORTER_OTLP_ENDPOINT, or http://127.0.0.1:4318, only a warning if there is none)',
    url,
  )
  .option('--no-collector', 'do not check the collector')
  .option('--collector-health <url>', 'the health check of the collector (default: its port 13133)', url)
  .option('--collector-metrics <url>', 'the metrics of the collector itself (default: its port 8888, /metrics)', url)
  .option('--project <folder>', 'the folder of the program, to check its packages (default: the current folder)')
  .option(
    '--wait <seconds>',
    'the time between two scrapes; three times as long while nothing moves',
    positiveNumber,
    2,
  )
  .option('--timeout <seconds>', 'the timeout of each request', positiveNumber, 5)
  .option('--json', 'print the findings as JSON', false)
  .addHelpText(
    'after',
    `
Examples:
  $ tta doctor                                       a program, Prometheus and a collector on this machine
  $ tta doctor http://app-1:9464/metrics --prometheus http://prometheus:9090
  $ tta doctor --no-prometheus --no-collector        the program only
  $ tta doctor --json | jq '.findings[] | select(.verdict == "failure")'

Each check prints one line: ok, warning, FAILURE or skipped. After a warning or a failure it prints what to do. Nothing is
changed. The exit code is 1 when a check fails. At a default address, a missing Prometheus or collector is a warning only.`,
  )
  .action((endpoint: string | undefined, options: DoctorCommandOptions) => doctorCommand(endpoint, options));

program
  .command('offline-model')
  .description(
    'Serve a model without a model, with the interfaces of OpenAI, Anthropic, Google, Ollama, Cohere and Bedrock, to try out a program without a key.',
  )
  .addOption(new Option('--port <port>', 'the port; 0 for any free one').argParser(port).default(4010))
  .option('--chaos', 'make some calls slow or failing', false)
  .addHelpText(
    'after',
    `
Examples:
  $ tta offline-model                      serve it on port 4010 until Ctrl-C
  $ npx -p tta-primitives tta offline-model
                                           the same, where the package is not installed
  $ tta offline-model --chaos              see retries, timeouts and fallbacks of your program

It prints what your program needs, to be pasted into another terminal:
  export OPENAI_BASE_URL=http://127.0.0.1:4010/v1
  export OPENAI_API_KEY=offline

Any model name is answered, with sentences of the last message, whole or as a stream. A tool is called if the message has its
name. Other clients than OpenAI's take the address without /v1. Nothing leaves this machine and nothing is paid. Dollars are
counted by the provider's name: openAICompatible({ model: 'gpt-4o', provider: 'openai' }).`,
  )
  .action((options: OfflineModelCommandOptions) => offlineModelCommand(options));

program
  .command('studio')
  .description('Show what your workflows do, in a browser: runs, their steps, errors, times and dollars.')
  .addOption(
    new Option('--port <port>', 'the port of the page and for spans; 0 for any free one').argParser(port).default(4318),
  )
  .option('--host <address>', 'the address it listens on; other machines need its token', '127.0.0.1')
  .option('--token-file <file>', 'a file with the token that readers and senders need (default: a new one)')
  .option('--scrape <url>', `an endpoint for metrics; repeatable (default: ${DEFAULT_TARGET})`, collectUrls)
  .option('--memory', 'keep nothing on disk', false)
  .option('--max-size <megabytes>', 'delete the oldest runs above this size, 1 or more', megabytes, 1_000)
  .option('--keep <days>', 'delete runs after so many days', positiveNumber, 30)
  .option('--forget', 'delete all that is kept, and end', false)
  .option('--no-open', 'do not open a browser')
  .addHelpText(
    'after',
    `
Examples:
  $ tta studio                             the runs of all programs that send their spans to port 4318
  $ tta studio --scrape http://127.0.0.1:9464 --scrape http://127.0.0.1:9465
                                           the numbers of two programs
  $ tta studio --host 0.0.0.0              for other machines too; prints the address with a new token
  $ tta studio --forget                    delete what it keeps

Programs with this package send their spans to port 4318 by themselves. Any other program, in any language, does with
  OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318
  OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf

Runs come from spans. Numbers come from the metrics of --scrape, with the token in TTA_PROMETHEUS_TOKEN if they need one.
What it keeps is in a database of this user: below XDG_STATE_HOME, or where the system has such data. Without Node.js 22.16
or the package libsql it is in memory, until it ends.

If a Studio has the port already, its address is printed. If another program has it, such as a collector, Studio takes a
free port, and prints the lines that make the collector send the spans there too.`,
  )
  .action((options: StudioCommandOptions) => studioCommand(options));

program
  .command('load')
  .description(
    'Run the digest workflow under load, with generated texts and the offline model, and measure throughput, latencies, event loop, scrapes, spans and memory.',
  )
  .option('--rate <n>', "requests per second, or 'max' for as many as --concurrency allows", rate, 20)
  .option('--concurrency <n>', 'the largest number of open requests', positiveInteger, 64)
  .option('--duration <seconds>', 'how long requests are started', positiveNumber, 30)
  .option('--fault-share <share>', 'the share of model calls that fail, from 0 to 1', share, 0)
  .option('-o, --out <file>', 'also write the report to this file, as JSON')
  .option('--json', 'print the report as JSON', false)
  .addHelpText(
    'after',
    `
Examples:
  $ tta load                               20 requests a second for 30 s
  $ tta load --rate 100 --duration 600 --out load.json
  $ tta load --rate max --concurrency 16   the highest possible rate
  $ tta load --fault-share 0.2             every fifth model call is refused, cut or answered with 500

Requests start at scheduled times, also when earlier requests are not answered. "since scheduled" is the latency from the
scheduled start, so it includes the wait while the process stalls. Models, trace receiver and scraper run in another process.
With OTEL_EXPORTER_OTLP_ENDPOINT the spans are sent to your collector. The endpoint is scraped once per second, with a timeout
of 10 s.

The exit code is 1 when a request was not counted, a span was lost or a scrape failed.`,
  )
  .action((options: LoadCommandOptions) => loadCommand(options));

program
  .command('prices')
  .description(
    'Show what a call to a model is charged, and where that price comes from; without a model, check your prices.',
  )
  .argument('[models...]', 'names such as gpt-4o or anthropic/claude-sonnet-4-5 (default: all that your prices name)')
  .option(
    '--provider <name>',
    'the provider of the models, as in the label of the metrics: openai, azure.ai.openai, litellm',
  )
  .option('--prices <file>', 'the file with your prices, or the word catalogue (default: TTA_PRICES)')
  .option('--at <date>', 'the day of the call (default: today)', date)
  .option('--json', 'print the prices as JSON', false)
  .addHelpText(
    'after',
    `
Examples:
  $ tta prices gpt-4o claude-sonnet-4-5 gemini-2.5-pro
  $ tta prices my-deployment --provider azure.ai.openai --prices prices.json
  $ tta prices                             what your file names, each checked
  $ tta prices o3 --at 2025-05-01          what it cost then

The dollars of a call come from the first of these that knows them: the reply, where its host is believed; your prices; the
reference prices, which existing dashboards use, for their own providers; the price catalogue of this package, which is never
fetched. Each is asked for the model that answered, and then for the one that was asked for. A price that is not known is
never 0: such calls count in tta_llm_unpriced_requests_total.

Your prices are a JSON file that TTA_PRICES names, in dollars per million tokens:
  {
    "prices": {
      "openai/gpt-4o": { "input": 2.5, "output": 10, "cachedInput": 1.25 },
      "anthropic/claude-sonnet-4-5": [
        { "input": 3, "output": 15, "cachedInput": 0.3, "cacheWrite": 3.75, "cacheWrite1h": 6 },
        { "input": 6, "output": 22.5, "cachedInput": 0.6, "cacheWrite": 7.5, "above": 200000 },
        { "input": 1.5, "output": 7.5, "cachedInput": 0.15, "tier": "batch" },
        { "input": 2, "output": 10, "from": "2027-01-01" }
      ],
      "ollama/llama3.2": { "input": 0, "output": 0 }
    },
    "priceAs": { "azure.ai.openai/my-deployment": "openai/gpt-4o", "litellm/fast": "openai/gpt-4o-mini" },
    "tierFactors": { "batch": 0.5, "openai/flex": 0.5 }
  }
"prices": "catalogue" leaves out the reference prices. Calls of another service tier than the standard one are unpriced without
a price or a factor for their tier. The exit code is 1 when a model has no price or the file is wrong.`,
  )
  .action((models: string[], options: PricesCommandOptions) => pricesCommand(models, options));

program
  .command('export')
  .description(
    'Write the rules, alerts, dashboards, configurations and documents of this package into a folder, with your names and thresholds.',
  )
  .addArgument(new Argument('<kind>', 'the kind of files').choices(EXPORT_KINDS))
  .option('--to <folder>', 'the folder for the files', 'observability')
  .option('--keep', 'keep files that you have changed or made, and write what is new for them to FILE.new', false)
  .option('--force', 'overwrite files that you have changed or made', false)
  .option('--job <name>', 'the scrape job of your applications, and their service (default: tta-primitives)')
  .option('--target <host:port>', 'an application to scrape; repeatable (default: 127.0.0.1:9464)', collect)
  .option('--cluster-label <name>', 'the label that tells clusters apart (default: cluster)')
  .option('--namespace-label <name>', 'the label that tells namespaces apart (default: namespace)')
  .option('--runbook-url <url>', 'what alerts link to, with # and their name (default: RUNBOOK.md on GitHub)')
  .option('--threshold <rule=number>', 'the threshold of an alert or a recording rule; repeatable', threshold)
  .addHelpText(
    'after',
    `
Examples:
  $ tta export prometheus                              prometheus.yml, all rules and the target files: works unchanged
  $ tta export prometheus --job shop --target shop-1:9464 --target shop-2:9464
  $ tta export alerts --threshold TTAHighErrorRate=2 --threshold TTAHighMemoryUsage=4000
  $ tta export rules --threshold tta:llm_budget_30d_dollars=250
  $ tta export alerts --runbook-url https://wiki.example/tta --cluster-label k8s_cluster
  $ tta export dashboards --to /etc/grafana/tta        dashboards and provisioning
  $ tta export collector                               the OpenTelemetry Collector, for a laptop and for production

An option holds for all files: give all of them each time. README.md and RUNBOOK.md come with every kind.

If you have changed or made one of the files, nothing is written, and the error names these files. Unchanged files of an
earlier release are updated. For a rule without a threshold, the error lists the rules that have one.`,
  )
  .action((kind: ExportKind, options: ExportCommandOptions) => exportCommand(kind, options));

program
  .command('worker')
  .description('Run the primitives that a module exports, for the calls of distribute that name them. Until Ctrl-C.')
  .argument('<module>', 'a file, or a package of your project')
  .option('--queue <name>', 'the queue that the jobs come from (default: the one that the module exports)')
  .addOption(redisOption())
  .addOption(natsOption())
  .addOption(prefixOption())
  .option('--workers <n>', 'the number of processes', workerCount, 1)
  .option('--concurrency <n>', 'the number of jobs that each process runs at once', positiveInteger, 8)
  .option('--grace <seconds>', 'how long the jobs that run may go on after Ctrl-C or SIGTERM', positiveNumber, 30)
  .addOption(
    new Option(
      '--port <port>',
      "the port of the first worker's metrics; each other one has the next port; 0 for any free ones (default: OTEL_EXPORTER_PROMETHEUS_PORT, or 9464)",
    ).argParser(port),
  )
  .option(
    '--host <address>',
    'the address that the metrics listen on (default: OTEL_EXPORTER_PROMETHEUS_HOST, or 127.0.0.1)',
  )
  .option('--targets <file>', 'keep a file with the endpoints of the workers, for file_sd_configs of Prometheus')
  .addHelpText(
    'after',
    `
Examples:
  $ tta worker tasks.js --queue texts      one worker, with the queue in the Redis of this machine
  $ tta worker tasks.js --queue texts --workers 4 --concurrency 16
                                           four processes, 64 jobs at once
  $ tta worker tasks.js --queue texts --redis rediss://:PASSWORD@redis:6379
  $ tta worker tasks.js --queue texts --nats nats://127.0.0.1:4222
  $ tta worker tasks.js --queue texts --workers 4 --targets /etc/prometheus/targets/workers.json

In tasks.js, the name of the export is the name of the work:
  export const summarise = llm(openAICompatible({ model: 'gpt-4o-mini' }), { system: 'Summarise the text.' });
In the program that has the texts:
  const remote = distribute('summarise', summarise, { queue: bullmqQueue('texts', { url: 'redis://127.0.0.1:6379' }) });

At Ctrl-C or SIGTERM a worker takes no more jobs, finishes what it runs within --grace, and hands the rest to another worker. A
second Ctrl-C ends it at once: its jobs are started again by another worker. A worker that crashes is started again. Give an
orchestrator more time to stop it than --grace: terminationGracePeriodSeconds, TimeoutStopSec, stop_grace_period.

A URL with a password is better in REDIS_URL or NATS_URL: an option can be read by every user of the machine.`,
  )
  .action((module: string, options: WorkerCommandOptions) => workerCommand(module, options));

const queue = program
  .command('queue')
  .description('Show how many jobs a queue has; list, show, retry and delete those that were given up.')
  .usage('[command] <name> [options]')
  .addHelpText(
    'after',
    `
Examples:
  $ tta queue texts                        how many jobs wait, run, are delayed and are dead
  $ tta queue dead texts                   the jobs that were given up, the newest first
  $ tta queue show texts ID                one of them; its input, which is data of a user, with --input
  $ tta queue retry texts ID               it waits again; --all for all of them
  $ tta queue drop texts --all             delete them

A job is dead when it has ended its worker several times, cannot be read, or has waited too long. Whoever called distribute has had an
error: JobDeadError. A retry does the work again, for its effect: nobody waits for its result. All commands take --redis or --nats and
--prefix, as tta worker does, and --json.`,
  );

const jsonOption = () => new Option('--json', 'print JSON').default(false);

function queueCommand(usage: string, description: string): Command {
  return queue
    .command(usage)
    .description(description)
    .argument('<name>', 'the name of the queue')
    .addOption(redisOption())
    .addOption(natsOption())
    .addOption(prefixOption())
    .addOption(jsonOption());
}

queue
  .command('stats', { isDefault: true })
  .description('show how many jobs wait, run, are delayed and are dead; the command without a word')
  .argument('<name>', 'the name of the queue')
  .addOption(redisOption())
  .addOption(natsOption())
  .addOption(prefixOption())
  .addOption(jsonOption())
  .action((name: string, options: QueueCommandOptions) => statsCommand(name, options));

queueCommand('dead', 'list the jobs that were given up, the newest first')
  .option('--limit <n>', 'how many are listed', positiveInteger, 50)
  .action((name: string, options: DeadCommandOptions) => deadCommand(name, options));

queueCommand('show', 'show one dead job')
  .argument('<id>', 'the id of the job')
  .option('--input', 'print its input too, which is data of a user', false)
  .action((name: string, id: string, options: ShowCommandOptions) => showCommand(name, id, options));

queueCommand('retry', 'let dead jobs wait again')
  .argument('[ids...]', 'the ids of the jobs')
  .option('--all', 'all dead jobs', false)
  .action((name: string, ids: string[], options: ChangeCommandOptions) => retryCommand(name, ids, options));

queueCommand('drop', 'delete dead jobs')
  .argument('[ids...]', 'the ids of the jobs')
  .option('--all', 'all dead jobs', false)
  .option('--yes', 'do not ask', false)
  .action((name: string, ids: string[], options: DropCommandOptions) => dropCommand(name, ids, options));

for (const command of [...program.commands, ...queue.commands]) {
  const words = command.parent === queue ? `queue ${command.name()}` : command.name();
  command.showHelpAfterError(`(see tta ${words} --help)`);
}

// The reader of a pipe can close the pipe early (`| head`), which is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

/** Only lists of ours have several lines. Each line after the first is indented, so that it cannot look like a message. */
function shown(error: unknown): string {
  const [first = '', ...more] = messageOf(error).split('\n');
  return [foreignText(first), ...more.map((line) => `  ${foreignText(line)}`)].join('\n');
}

program.parseAsync().catch((error: unknown) => {
  const { verbose } = program.opts<{ verbose?: boolean }>();
  printError(verbose ? inspect(error) : `tta: ${shown(error)}`);
  process.exitCode = 1;
});
