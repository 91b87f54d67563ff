import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { systemClock } from '../../platform/clock.ts';
import { foreignMessage, foreignText } from '../../platform/foreign-text.ts';
import { isLocalHost } from '../../platform/local-host.ts';
import { textFrom } from '../../sdk/environment.ts';
import type { StorageState } from '../studio/api.ts';
import { type FoundStudio, tellTarget } from '../studio/find-studio.ts';
import type { TargetOptions } from '../studio/numbers/numbers.ts';
import { openStudio } from '../studio/open-studio.ts';
import { forget } from '../studio/store/forget.ts';
import { besideCollector } from './beside-collector.ts';
import { canOpenBrowser, openBrowser } from './open-browser.ts';
import { packageManifest } from './package-root.ts';
import { print, printError, setVariable } from './print.ts';
import { stopOnSignals } from './stop-on-signals.ts';
import { NO_FOLDER, studioFolder } from './studio-folder.ts';

export interface StudioCommandOptions {
  readonly port: number;
  readonly host: string;
  readonly scrape?: readonly string[];
  readonly memory: boolean;
  /** Of what is kept, in megabytes. */
  readonly maxSize: number;
  /** How long runs are kept, in days. */
  readonly keep: number;
  /** Whether to delete all that is kept, and end. */
  readonly forget: boolean;
  readonly open: boolean;
  readonly tokenFile?: string;
}

const ONE_DAY_MS = 86_400_000;
/** Where programs with this package serve their metrics. */
export const DEFAULT_TARGET = 'http://127.0.0.1:9464/metrics';
const MIN_TOKEN_LENGTH = 16;

/** `tta studio`: serves the page until a signal. Ends at once where a Studio has the port already. */
export async function studioCommand(options: StudioCommandOptions): Promise<void> {
  const { env } = process;
  const folder = studioFolder(env);
  if (options.forget) {
    if (folder === undefined) {
      print(`Nothing is kept. ${NO_FOLDER}`);
      return;
    }
    const files = await forget(folder);
    print(files === 0 ? `Nothing is kept in ${folder}` : `Deleted what was kept in ${folder}`);
    return;
  }
  const isLocal = isLocalHost(options.host);
  const token = options.tokenFile === undefined ? (isLocal ? undefined : newToken()) : tokenIn(options.tokenFile);
  const scrapeToken = textFrom('TTA_PROMETHEUS_TOKEN');
  const targets = (options.scrape ?? [DEFAULT_TARGET]).map((url): TargetOptions => ({ url, token: scrapeToken }));
  const desk = { env, platform: process.platform, isTerminal: process.stdout.isTTY === true };
  const opens = options.open && token === undefined && canOpenBrowser(desk);

  const opened = await openStudio({
    port: options.port,
    host: options.host,
    token,
    folder: options.memory ? undefined : folder,
    limits: { maxBytes: options.maxSize * 1_000_000, retentionDays: options.keep },
    targets,
    version: packageManifest().version,
  });
  if ('found' in opened) {
    await useFound(opened.found, options.scrape === undefined ? [] : targets);
    if (opens && opened.found.about !== undefined) openBrowser(opened.found.url);
    return;
  }

  const { studio, isElsewhere } = opened;
  const stop = stopOnSignals();
  if (isElsewhere) printError(besideCollector(options.port, studio.url));
  const { port } = new URL(studio.url);
  if (token === undefined) print(`Studio   ${studio.url} (open it in a browser)`);
  else print(`Studio   http://${isLocal ? options.host : hostname()}:${port}/?token=${token} (open it in a browser)`);
  print(`Spans    OTLP over HTTP, from any program: ${setVariable('OTEL_EXPORTER_OTLP_ENDPOINT', studio.url)}`);
  if (token !== undefined)
    print(`         ${setVariable('OTEL_EXPORTER_OTLP_HEADERS', `"Authorization=Bearer%20${token}"`)}`);
  print(`Scrapes  ${targets.map(({ url }) => foreignText(url)).join(', ')}`);
  const { notes, ...storage } = studio.storage();
  const more = folder === undefined && !options.memory ? [NO_FOLDER] : [];
  print(`Kept     ${whereKept({ ...storage, notes: [...notes, ...more] })}`);
  printError('Ctrl-C ends it');
  if (opens) openBrowser(studio.url);
  // The server itself does not keep the process alive.
  while (!stop.signal.aborted) await systemClock.sleep(ONE_DAY_MS, stop.signal).catch(() => {});
  await studio.close();
  await stop.endProcess();
}

async function useFound({ url, about }: FoundStudio, targets: readonly TargetOptions[]): Promise<void> {
  print(`Studio   ${url} runs already${about === undefined ? ', and asks for its token' : ' (open it in a browser)'}`);
  for (const target of targets) {
    try {
      await tellTarget(url, target.url);
      // That program only says that it is Studio.
      if (target.token !== undefined) printError('It did not get TTA_PROMETHEUS_TOKEN: start it with that variable');
    } catch (error) {
      printError(`It does not scrape ${foreignText(target.url)}: ${foreignMessage(error)}`);
    }
  }
}

/** Where the runs are kept, and what the reader should know about it, each in a line. */
function whereKept({ kind, path, notes }: Pick<StorageState, 'kind' | 'path' | 'notes'>): string {
  const place = kind === 'disk' ? foreignText(path ?? '') : 'in memory, until it ends';
  return [place, ...notes.map((note) => `         ${foreignText(note)}`)].join('\n');
}

function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** @throws Error when the file cannot be read; RangeError when its text is no good token */
function tokenIn(file: string): string {
  const token = readFileSync(file, 'utf8').trim();
  if (!/^[\w.~+/=-]+$/.test(token) || token.length < MIN_TOKEN_LENGTH) {
    throw new RangeError(
      `the token in ${foreignText(file)} must have ${MIN_TOKEN_LENGTH} characters or more, of letters, digits and . _ ~ + / = -`,
    );
  }
  return token;
}
