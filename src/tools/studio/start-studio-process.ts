/** A Studio in a process of its own: neither a crash of its database nor a pause is the program's. */
import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { systemClock } from '../../platform/clock.ts';
import type { StorageState } from './api.ts';
import type { FoundStudio } from './find-studio.ts';
import type { TargetOptions } from './numbers/numbers.ts';
import type { StudioOptions } from './studio.ts';

export interface StudioProcessOptions extends StudioOptions {
  readonly port: number;
}

export type StudioCommand =
  | { readonly scrape: TargetOptions; readonly id: number }
  /** The program has no more to send. */
  | { readonly leave: true };

export interface ReadyStudio {
  readonly url: string;
  /** Another program has the port, so Studio is at a free one. */
  readonly isElsewhere: boolean;
  readonly storage: Pick<StorageState, 'kind' | 'path' | 'notes'>;
}

export type StudioMessage =
  | { readonly ready: ReadyStudio }
  | { readonly found: FoundStudio }
  | { readonly failed: string }
  | { readonly scraped: number }
  /** Other programs use it. */
  | { readonly stays: true };

export interface StudioProcess extends ReadyStudio {
  /** Has it scrape an endpoint, now and from now on. Resolves when it has, or cannot. */
  scrape(target: TargetOptions): Promise<void>;
  /** Resolves when it has written what it keeps. It goes on while other programs use it. */
  close(): Promise<void>;
}

export interface StudioProcessSettings {
  /** The environment of the process. */
  readonly env: NodeJS.ProcessEnv;
  /** Called when it ends by itself, with the reason. */
  readonly onEnd: (reason: string) => void;
}

/** A machine under load takes seconds; a large file is checked. */
const START_MS = 20_000;
/** How long the end of the program waits for it. */
const CLOSE_MS = 5_000;
const SCRAPE_MS = 2_000;
const MAX_STDERR_LENGTH = 2_000;

/** @throws Error when the process cannot start, or ends at once */
export async function startStudioProcess(
  options: StudioProcessOptions,
  { env, onEnd }: StudioProcessSettings,
): Promise<StudioProcess | { readonly found: FoundStudio }> {
  const child = fork(new URL('./studio-process.js', import.meta.url), [JSON.stringify(options)], {
    execArgv: [],
    // It must not observe itself, when the environment has this package loaded into every program.
    env: { ...env, OTEL_SDK_DISABLED: 'true' },
    // Ctrl-C stops all processes of the terminal. This process must live until it has received the last span.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const ended = endOf(child);
  const first = new Promise<StudioMessage>((resolve) => void child.once('message', resolve));
  const failed = ended.then((reason): StudioMessage => ({ failed: reason }));
  const message = await within(START_MS, Promise.race([first, failed]));
  if (message === undefined || !('ready' in message)) {
    if (child.connected) child.disconnect();
    if (message !== undefined && 'found' in message) return message;
    // A process that hangs, such as on a disk that does not answer, does not end by itself.
    child.kill('SIGKILL');
    throw new Error(
      message !== undefined && 'failed' in message ? message.failed : `no answer in ${START_MS / 1_000} s`,
    );
  }

  // A program that ends in an unforeseen way must not wait for it.
  const background = [child, child.channel, child.stderr as Socket | null];
  for (const each of background) each?.unref();
  let isClosing = false;
  void ended.then((reason) => {
    if (!isClosing) onEnd(reason);
  });
  const waiting = new Map<number, () => void>();
  let stays = () => {};
  const goesOn = new Promise<void>((resolve) => {
    stays = resolve;
  });
  child.on('message', (answer: StudioMessage) => {
    if ('scraped' in answer) waiting.get(answer.scraped)?.();
    else if ('stays' in answer) stays();
  });
  let scrapes = 0;
  return {
    ...message.ready,
    async scrape(target) {
      if (!child.connected) return;
      scrapes += 1;
      const id = scrapes;
      const done = new Promise<void>((resolve) => {
        waiting.set(id, resolve);
      });
      child.send({ scrape: target, id } satisfies StudioCommand, () => {});
      await within(SCRAPE_MS, Promise.race([done, ended]));
      waiting.delete(id);
    },
    async close() {
      isClosing = true;
      if (child.connected) child.send({ leave: true } satisfies StudioCommand, () => {});
      await within(CLOSE_MS, Promise.race([ended, goesOn]));
      if (child.connected) child.disconnect();
    },
  };
}

/** What the promise gives, or `undefined` after the time. It keeps this process alive until then. */
function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const cancel = systemClock.after(ms, () => resolve(undefined));
    void promise.then((value) => {
      cancel();
      resolve(value);
    });
  });
}

/** Resolves, with the reason, when the process has ended and all that it wrote is read. */
function endOf(child: ChildProcess): Promise<string> {
  let written = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    written = `${written}${text}`.slice(-MAX_STDERR_LENGTH);
  });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    // Not its event `close`, which does not come after `disconnect`.
    child.once('exit', (code, signal) => {
      const tell = () => {
        const line = written.split('\n').find((each) => /error/i.test(each)) ?? '';
        resolve(`it ended by ${signal ?? `code ${code}`}${line === '' ? '' : `: ${line}`}`);
      };
      if (child.stderr === null || child.stderr.destroyed) tell();
      else child.stderr.once('close', tell);
    });
  });
}
