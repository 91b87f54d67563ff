/** Runs programs with the built package as child processes. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const built = (path: string) => pathToFileURL(resolve(import.meta.dirname, '../../dist', path)).href;

/** URLs of the built entries, for imports in the program of a child. */
export const ENTRY = {
  main: built('src/index.js'),
  sdk: built('src/sdk/index.js'),
  register: built('src/sdk/register-on-load.js'),
  views: built('views/index.js'),
  queue: built('src/queue/index.js'),
} as const;

export interface Exit {
  /** `null` when a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Child {
  readonly exited: Promise<Exit>;
  /** Waits for a line of stdout that begins with `start`, and returns the rest of it. Rejects when the process ends before. */
  says(start: string): Promise<string>;
  kill(signal: NodeJS.Signals): void;
}

export interface ChildOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Flags of Node.js. */
  readonly flags?: readonly string[];
  /** A command with arguments that starts Node.js. */
  readonly within?: readonly string[];
}

/** The environment without the settings of this machine that would change a child. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(OTEL_|NODE_OPTIONS|NODE_V8|VITEST)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

const running = new Set<Child>();

/** Kills every child that still runs, for instance after a failed test. */
export function endChildren(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Runs `program` as an ES module. `register`, `task`, `workflow` and `sequential` are imported for it. */
export function runProgram(program: string, options: ChildOptions = {}): Child {
  const imports = `import { register } from '${ENTRY.sdk}'; import { sequential, task, workflow } from '${ENTRY.main}';`;
  return runModule(`${imports}\n${program}`, options);
}

/** Runs `source` as an ES module. The metrics endpoint uses any free port unless `env` names one. */
export function runModule(source: string, { env = {}, flags = [], within = [] }: ChildOptions = {}): Child {
  const [command, ...args] = [...within, process.execPath, ...flags, '--input-type=module', '--eval', source];
  const child = spawn(command as string, args, {
    env: { ...cleanEnvironment(), OTEL_EXPORTER_PROMETHEUS_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      output[name] += chunk;
      for (const listener of listeners) listener();
    });
  }
  const exited = new Promise<Exit>((done, fail) => {
    child.on('error', fail);
    child.on('close', (code, signal) => {
      running.delete(self);
      done({ code, signal, ...output });
    });
  });
  const self: Child = {
    exited,
    kill: (signal) => void child.kill(signal),
    says: (start) =>
      new Promise((found, fail) => {
        const look = () => {
          const line = output.stdout.split('\n').find((each) => each.startsWith(start));
          if (line === undefined) return;
          listeners.delete(look);
          found(line.slice(start.length).trim());
        };
        listeners.add(look);
        look();
        void exited.then((exit) => fail(new Error(`ended without saying ${start}: ${JSON.stringify(exit)}`)), fail);
      }),
  };
  running.add(self);
  return self;
}
