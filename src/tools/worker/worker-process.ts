/** One worker as a process of its own, seen from the program that starts it. */
import { type ChildProcess, fork } from 'node:child_process';
import { systemClock } from '../../platform/clock.ts';
import type { WorkerCommand, WorkerMessage, WorkerReading, WorkerSettings } from './messages.ts';

export interface WorkerProcessOptions<Work> {
  /** The file that calls `serveWorker`. */
  readonly program: URL;
  readonly settings: WorkerSettings<Work>;
  readonly env: NodeJS.ProcessEnv;
  /** Whether what it writes appears where the output of this process appears. */
  readonly shown: boolean;
  readonly onMessage: (message: WorkerMessage) => void;
}

export interface WorkerProcess {
  readonly pid: number | undefined;
  /** Resolves, with the reason, when the process has ended. */
  readonly ended: Promise<string>;
  /** Tells it to end: it finishes what it runs, or hands it back. */
  stop(): void;
  /** Ends it at once. Its jobs go to another worker. */
  kill(): void;
  /** Its metrics; `undefined` if it does not answer. */
  read(): Promise<WorkerReading | undefined>;
}

const READ_MS = 5_000;
const MAX_STDERR_LENGTH = 4_000;

export function startWorkerProcess<Work>(options: WorkerProcessOptions<Work>): WorkerProcess {
  const { program, settings, env, shown, onMessage } = options;
  const out = shown ? 'inherit' : 'ignore';
  const child = fork(program, [], { env, stdio: ['ignore', out, shown ? 'inherit' : 'pipe', 'ipc'] });
  const ended = endOf(child);
  const readings = new Map<number, (reading: WorkerReading) => void>();
  // The settings may have a password: an argument could be read by every user of the machine.
  const tell = (command: WorkerCommand<Work>) => {
    if (child.connected) child.send(command, () => {});
  };
  child.on('message', (message: WorkerMessage) => {
    if ('reading' in message) readings.get(message.id)?.(message.reading);
    else onMessage(message);
  });
  tell({ start: settings });
  let reads = 0;
  return {
    pid: child.pid,
    ended,
    stop: () => tell({ stop: true }),
    kill: () => void child.kill('SIGKILL'),
    async read() {
      if (!child.connected) return undefined;
      reads += 1;
      const id = reads;
      const waiting = new AbortController();
      const reading = new Promise<WorkerReading>((resolve) => void readings.set(id, resolve));
      const nothing = Promise.race([ended, systemClock.sleep(READ_MS, waiting.signal)]).then(() => undefined);
      tell({ read: id });
      try {
        return await Promise.race([reading, nothing]);
      } finally {
        readings.delete(id);
        nothing.catch(() => {});
        waiting.abort();
      }
    },
  };
}

/** Resolves, with the reason, when the process has ended. */
function endOf(child: ChildProcess): Promise<string> {
  let written = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    written = `${written}${text}`.slice(-MAX_STDERR_LENGTH);
  });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`it could not start: ${error.message}`));
    child.once('exit', (code, signal) => {
      const line = written.split('\n').find((each) => /error/i.test(each));
      resolve(`it ended by ${signal ?? `code ${code}`}${line === undefined ? '' : `: ${line}`}`);
    });
  });
}
