/** Runs a program of the stack that a test starts, ends and starts again. Its output goes to a file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { eventually } from './prometheus.ts';

export interface ProgramOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** The file that gets stdout and stderr, of all starts. */
  readonly log: string;
  /** The program is ready when this address answers with 200. */
  readonly readyUrl: string;
}

export interface Program {
  /** Of the running process; `undefined` when it was stopped. */
  readonly pid: number | undefined;
  /** What it has written. */
  log(): string;
  /** Starts it, also again, and waits until it is ready. Rejects with its output when it ends before. */
  start(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** Sends SIGTERM and waits for the end. */
  stop(): Promise<void>;
  /** Sends SIGKILL and waits for the end. */
  kill(): Promise<void>;
}

const running = new Set<ChildProcess>();
// A test process that ends before its cleanup leaves no programs behind.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts the program and waits until it is ready. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { command, args, env = process.env, log: logFile, readyUrl } = options;
  let child: ChildProcess | undefined;
  let ended: Promise<unknown> = Promise.resolve();
  const log = () => readFileSync(logFile, 'utf8');

  async function start(): Promise<void> {
    const output = openSync(logFile, 'a');
    const started = spawn(command, args, { env, stdio: ['ignore', output, output] });
    closeSync(output);
    child = started;
    running.add(started);
    ended = once(started, 'exit').finally(() => {
      running.delete(started);
      if (child === started) child = undefined;
    });
    ended.catch(() => {});
    const ready = async () => (child !== started ? false : (await fetch(readyUrl)).ok ? true : undefined);
    if (!(await eventually(`${command} is ready`, ready))) throw new Error(`${command} ended:\n${log().slice(-5_000)}`);
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    child?.kill(signal);
    await ended;
  }

  await start();
  return {
    get pid() {
      return child?.pid;
    },
    log,
    start,
    signal: (signal) => void child?.kill(signal),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}
