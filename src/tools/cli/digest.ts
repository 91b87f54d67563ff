import { existsSync } from 'node:fs';
import { join, parse, resolve } from 'node:path';
import { BudgetExceededError } from '../../index.ts';
import { systemClock } from '../../platform/clock.ts';
import { foreignMessage, foreignText } from '../../platform/foreign-text.ts';
import { writeAtomically } from '../../platform/write-atomically.ts';
import { type Exposition, parseExposition } from '../../prometheus/parse.ts';
import { JobDeadError, JobLostError, QueueAwayError, QueueFullError } from '../../queue/index.ts';
import { textFrom } from '../../sdk/environment.ts';
import { createDigest, FolderError, type PartialDocument, planDigest, resolveOutputPath } from '../digest/index.ts';
import { confirmCost } from './confirm-cost.ts';
import { type DigestWorkers, startDigestWorkers } from './digest-workers.ts';
import { chooseModels, usesOfflineModel } from './models.ts';
import { canOpenBrowser, openBrowser } from './open-browser.ts';
import { packageRoot, userFolder } from './package-root.ts';
import { print, printError } from './print.ts';
import { createProgress } from './progress.ts';
import { engineFrom, type QueueOptions, requireEngine } from './queue-options.ts';
import { requirePeers } from './require-peers.ts';
import { joined, type RunMetrics, runMetrics } from './run-metrics.ts';
import { stopOnSignals } from './stop-on-signals.ts';
import { renderTable } from './table.ts';
import { chooseTraceTarget } from './trace-target.ts';

export interface DigestCommandOptions extends QueueOptions {
  readonly out?: string;
  readonly once: boolean;
  /** The pause between two runs, in seconds. */
  readonly every: number;
  readonly concurrency: number;
  readonly chaos: boolean;
  readonly offline: boolean;
  readonly modelSmall?: string;
  readonly modelLarge?: string;
  /** The timeout of one model call, in seconds. */
  readonly timeout?: number;
  /** The largest file that is read, in megabytes. */
  readonly maxFile: number;
  readonly studioPort: number;
  /** Whether to show the runs in Studio. */
  readonly studio: boolean;
  /** Whether to open a browser, where a person looks. */
  readonly open: boolean;
  /** The most US dollars that the models may cost. */
  readonly budget?: number;
  /** Whether not to ask before a large folder goes to a model that may cost money. */
  readonly yes: boolean;
  /** How many processes ask the models. @default none: this one asks them */
  readonly workers?: number;
}

const MAX_SKIPPED_LINES = 20;
const DEFAULT_STUDIO_PORT = 4318;

const OF_QUEUE = [JobDeadError, JobLostError, QueueAwayError, QueueFullError];

function isOfQueue(error: unknown): boolean {
  return OF_QUEUE.some((each) => error instanceof each);
}

/** `tta digest`: starts one run after the other until a signal stops it. Rejects when the first run fails. */
export async function digestCommand(folderArgument: string | undefined, options: DigestCommandOptions): Promise<void> {
  const { env } = process;
  const cwd = userFolder(process.cwd(), env);
  const folder = folderArgument === undefined ? packageRoot : resolve(cwd, folderArgument);
  const path = await resolveOutputPath({ folder, cwd, out: options.out });

  const modelOptions = { ...options, env, small: options.modelSmall, large: options.modelLarge };
  if (options.workers !== undefined) requireEngine('tta digest --workers', engineFrom(options), ['openai']);
  else if (options.redis !== undefined || options.nats !== undefined)
    throw new Error('--redis and --nats are for --workers: say how many');
  else requirePeers('tta digest', ['openai']);
  const models = await chooseModels(modelOptions);
  const maxFileBytes = options.maxFile * 1_000_000;
  const timeoutMs = (options.timeout ?? (options.chaos ? 1.5 : 30)) * 1_000;
  if (!usesOfflineModel(modelOptions) && !options.yes)
    await confirmCost(await planDigest(folder, { maxFileBytes }), models);
  const traces = await chooseTraceTarget(env, {
    port: options.studioPort,
    studio: options.studio,
    onEnd(reason, ofPort) {
      const command = ofPort === DEFAULT_STUDIO_PORT ? '' : ` --port ${ofPort}`;
      printError(`Studio has ended: ${foreignText(reason)}. Start it again with: npx tta studio${command}`);
    },
  });
  // Imported here, so that `tta --help` works without the SDK.
  const { register } = await import('../../sdk/index.ts');
  // The models of the digest count their calls themselves.
  const settings = { modelCalls: 'off', traces: traces.traces } as const;
  const telemetry = await register(settings);
  const stop = stopOnSignals();
  const workers = await startWorkers();

  const progress = createProgress(process.stderr);
  let unfinished: PartialDocument = () => undefined;
  let quotedFor: unknown;
  const digest = createDigest({
    ...models,
    queue: workers?.queue,
    onQuote(error) {
      quotedFor = error;
    },
    concurrency: options.concurrency,
    maxFileBytes,
    timeoutMs,
    limitUsd: options.budget,
    onProgress(done, total, document) {
      unfinished = document;
      progress.update(done, total);
    },
  });
  /** The metrics of all processes. */
  async function scrape(): Promise<Exposition> {
    const readings = (await workers?.read()) ?? [];
    const texts = [await telemetry.metrics(), ...readings.map(({ metrics }) => metrics)];
    return joined(texts.map(parseExposition));
  }

  /** Why texts were quoted: the error of a model says more than that of the circuit around it. */
  async function lastError(): Promise<string> {
    const readings = isOfQueue(quotedFor) ? [] : ((await workers?.read()) ?? []);
    const seen = [models.lastError(), ...readings.map((reading) => reading.lastError)];
    const last = seen.find((each) => each !== undefined);
    return last ?? (quotedFor === undefined ? `no answer within ${timeoutMs / 1_000} s` : foreignMessage(quotedFor));
  }

  const start = await scrape();
  let lastSkipped = '';
  let isWritten = false;

  async function startWorkers(): Promise<DigestWorkers | undefined> {
    const { workers, offline, modelSmall: small, modelLarge: large } = options;
    if (workers === undefined) return undefined;
    const work = { offline, offlineURL: models.offlineURL, small, large, timeoutMs, workers };
    try {
      return await startDigestWorkers({ ...options, workers, telemetry: settings, work });
    } catch (error) {
      await telemetry.shutdown();
      await Promise.all([models.close(), traces.close()]);
      throw error;
    }
  }

  async function runOnce(run: number): Promise<void> {
    const before = await scrape();
    const { files, parts, skipped, document } = await digest
      .execute(folder, { signal: stop.signal })
      .catch(async (error: unknown) => {
        progress.clear();
        if (error instanceof BudgetExceededError) await printTable(run, before);
        throw error;
      });
    progress.clear();
    await writeAtomically(path, document);
    isWritten = true;
    const failures = parts.flatMap((part) =>
      'failure' in part ? `${part.file}: a part failed: ${foreignText(part.failure)}` : [],
    );
    printSkipped([...skipped, ...failures]);
    const thisRun = await printTable(run, before, files.length);
    if (thisRun.quoted > 0) {
      printError(
        `No model answered for ${thisRun.quoted} texts, so they are quoted. The last error: ${await lastError()}`,
      );
    }
    print(`Written to ${path}`);
  }

  async function printTable(run: number, before: Exposition, files?: number): Promise<RunMetrics> {
    const after = await scrape();
    const thisRun = runMetrics(after, before);
    if (after.samples.length === 0) printError('OTEL_SDK_DISABLED is set: there are no metrics to show');
    else print(renderTable({ run, files, thisRun, sinceStart: runMetrics(after, start) }));
    return thisRun;
  }

  function printSkipped(skipped: readonly string[]): void {
    const lines = skipped.slice(0, MAX_SKIPPED_LINES).map((line) => `Skipped: ${line}`);
    if (skipped.length > MAX_SKIPPED_LINES)
      lines.push(`Skipped: ${skipped.length - MAX_SKIPPED_LINES} more, all named in the digest`);
    // The same lines after every run would hide new lines.
    if (lines.join('\n') !== lastSkipped && lines.length > 0) printError(lines.join('\n'));
    lastSkipped = lines.join('\n');
  }

  /** Writes what the first run has summarised when it is stopped. A whole digest that is already there is kept. */
  async function keepUnfinished(): Promise<void> {
    const document = isWritten ? undefined : unfinished();
    if (document === undefined) return;
    const { dir, name, ext } = parse(path);
    const unfinishedPath = existsSync(path) ? join(dir, `${name}.partial${ext}`) : path;
    await writeAtomically(unfinishedPath, document);
    print(`What was summarised is written to ${unfinishedPath}`);
  }

  async function scrapeByStudio(): Promise<void> {
    const urls = [telemetry.metricsUrl, ...(workers?.urls() ?? [])].filter((url) => url !== undefined);
    await Promise.all(urls.map((url) => traces.scrape({ url, token: textFrom('TTA_PROMETHEUS_TOKEN') })));
  }

  /** Prints the error of a failed run. Rejects when the run is the first one or was stopped. */
  async function tryRun(run: number): Promise<void> {
    try {
      await runOnce(run);
    } catch (error) {
      progress.clear();
      if (error instanceof FolderError) printSkipped(error.skipped);
      if (run === 1 || stop.signal.aborted || error instanceof BudgetExceededError) throw error;
      printError(`Run ${run} failed: ${foreignMessage(error)}`);
    }
  }

  try {
    print(`Reading  ${folder}`);
    print(`Models   ${models.about}`);
    print(`Metrics  ${foreignText(telemetry.metricsUrl ?? telemetry.metricsError?.message ?? 'off')}`);
    const tracesUrl = foreignText(traces.page ?? telemetry.tracesUrl ?? 'off');
    print(`${traces.page === undefined ? 'Traces' : 'Studio'}   ${tracesUrl} (${foreignText(traces.reason)})`);
    for (const line of workers?.about ?? []) print(line);
    for (const note of traces.notes) printError(note);
    await scrapeByStudio();
    const desk = { env, platform: process.platform, isTerminal: process.stdout.isTTY === true };
    if (traces.page !== undefined && options.open && canOpenBrowser(desk)) openBrowser(traces.page);
    await tryRun(1);
    for (let run = 2; !options.once; run += 1) {
      if (run === 2) print(`Again every ${options.every} s; Ctrl-C ends it`);
      await systemClock.sleep(options.every * 1_000, stop.signal);
      await tryRun(run);
    }
  } catch (error) {
    const isSpent = error instanceof BudgetExceededError;
    if (!isSpent && !stop.signal.aborted) throw error;
    printError(isSpent ? `Stopped by --budget ${options.budget}: ${error.message}` : 'Stopped');
    await keepUnfinished();
  } finally {
    // The last numbers are as those of the last table.
    await scrapeByStudio();
    await workers?.close();
    await telemetry.shutdown();
    await Promise.all([models.close(), traces.close()]);
    if (traces.isKept) print('To see the runs again: npx tta studio');
    await stop.endProcess();
  }
}
