import { isListening } from '../../platform/is-listening.ts';
import { messageOf } from '../../platform/message-of.ts';
import { joinStudio, tellTarget } from '../studio/find-studio.ts';
import type { TargetOptions } from '../studio/numbers/numbers.ts';
import { startStudioProcess } from '../studio/start-studio-process.ts';
import { besideCollector } from './beside-collector.ts';
import { packageManifest } from './package-root.ts';
import { NO_FOLDER, studioFolder } from './studio-folder.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface TraceTarget {
  /** For `register`; `undefined` when the environment decides. */
  readonly traces?: { readonly endpoint: string; readonly scheduleDelayMs?: number } | false;
  /** The address of the page; `undefined` without Studio. */
  readonly page?: string;
  /** Why this target was chosen, for the user. */
  readonly reason: string;
  /** What the user should know about it, in lines. */
  readonly notes: readonly string[];
  /** Whether the runs can be seen again when this program has ended. */
  readonly isKept: boolean;
  /** Has Studio scrape an endpoint now, and from now on. Never rejects. */
  scrape(target: TargetOptions): Promise<void>;
  /** Ends Studio, if this program has started it, and no other one uses it. */
  close(): Promise<void>;
}

export interface TraceTargetOptions {
  /** The port for Studio. */
  readonly port: number;
  /** Whether to use Studio. */
  readonly studio: boolean;
  /** Called when Studio ends by itself, with the port at which spans wait for it. */
  readonly onEnd: (reason: string, port: number) => void;
}

/** A run is seen while it goes on: its spans do not wait for more. */
const STUDIO_DELAY_MS = 250;

/** The OTLP endpoint in the environment variables, with or without `/v1/traces`; `undefined` when none is set. */
export function collectorFrom(env: Environment): string | undefined {
  return env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?.trim() || env.OTEL_EXPORTER_OTLP_ENDPOINT?.trim() || undefined;
}

/** The values of these variables are not case-sensitive. */
const is = (value: string | undefined, word: string) => value?.trim().toLowerCase() === word;

const WITHOUT_STUDIO = { notes: [], isKept: false, async scrape() {}, async close() {} };

/**
 * Chooses the target of the spans: the collector in the environment variables; else the Studio that runs already; else a
 * new one, at a free port where another program has its own.
 */
export async function chooseTraceTarget(
  env: Environment,
  { port, studio, onEnd }: TraceTargetOptions,
): Promise<TraceTarget> {
  const off = is(env.OTEL_SDK_DISABLED, 'true') || is(env.OTEL_TRACES_EXPORTER, 'none');
  if (off || collectorFrom(env) !== undefined) return { ...WITHOUT_STUDIO, reason: 'set by the environment' };
  if (!studio) {
    const endpoint = `http://127.0.0.1:${port}`;
    return (await isListening(port))
      ? { ...WITHOUT_STUDIO, traces: { endpoint }, reason: 'another program listens there' }
      : { ...WITHOUT_STUDIO, traces: false, reason: `without Studio, and nothing listens at port ${port}` };
  }
  let endpoint = '';
  const tellEnd = (reason: string) => onEnd(reason, Number(new URL(endpoint).port));
  const target = (url: string) => ({
    page: url,
    traces: { endpoint: url, ...(env.OTEL_BSP_SCHEDULE_DELAY?.trim() ? {} : { scheduleDelayMs: STUDIO_DELAY_MS }) },
  });
  try {
    const folder = studioFolder(env);
    const options = { port, folder, version: packageManifest().version };
    const started = await startStudioProcess(options, { env, onEnd: tellEnd });
    endpoint = 'found' in started ? started.found.url : started.url;
    if (!('found' in started)) {
      const { url, storage, isElsewhere, scrape, close } = started;
      const notes = [...(isElsewhere ? [besideCollector(port, url)] : []), ...storage.notes];
      if (folder === undefined) notes.push(NO_FOLDER);
      const isKept = storage.kind === 'disk';
      return { ...target(url), reason: 'open it in a browser', notes, isKept, scrape, close };
    }
    const { url, about } = started.found;
    if (about === undefined) {
      return { ...WITHOUT_STUDIO, traces: false, reason: `Studio at ${url} asks for its token: see tta studio --help` };
    }
    const scrape = (scraped: TargetOptions) => tellTarget(url, scraped.url).catch(() => {});
    const leave = await joinStudio(url, () => tellEnd('it closed the connection'));
    const ofFound = { scrape, isKept: about.storage.kind === 'disk', close: async () => leave() };
    return { ...WITHOUT_STUDIO, ...target(url), reason: 'Studio runs there already', ...ofFound };
  } catch (error) {
    return { ...WITHOUT_STUDIO, traces: false, reason: `Studio could not be started: ${messageOf(error)}` };
  }
}
