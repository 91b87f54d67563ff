/** Programs that a test runs as processes of their own, on the built package. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const built = (path: string) => pathToFileURL(resolve(import.meta.dirname, '../../dist', path)).href;

/** The built entries, as a child's program imports them. */
export const ENTRY = {
  main: built('src/index.js'),
  sdk: built('src/sdk/index.js'),
  register: built('src/sdk/register-on-load.js'),
} as const;

export interface Exit {
  /** `null` where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Child {
  readonly exited: Promise<Exit>;
  /** The first line of its output that begins with `start`, without that start. Rejects when it ends before. */
  says(start: string): Promise<string>;
  kill(signal: NodeJS.Signals): void;
}

export interface ChildOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Node's own, before the program. */
  readonly flags?: readonly string[];
  /** A command that runs Node, with its arguments. */
  readonly within?: readonly string[];
}

/** Settings of the machine that tests run on reach no child. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(OTEL_|NODE_OPTIONS|NODE_V8|VITEST)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

const running = new Set<Child>();

/** Ends every child that a failed test left behind. */
export function endChildren(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Runs `program`, an ES module, which finds `register`, `task`, `workflow` and `sequential` imported. */
export function runProgram(program: string, options: ChildOptions = {}): Child {
  const imports = `import { register } from '${ENTRY.sdk}'; import { sequential, task, workflow } from '${ENTRY.main}';`;
  return runModule(`${imports}\n${program}`, options);
}

/** Runs `source` as an ES module. The endpoint takes any free port unless told otherwise. */
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
