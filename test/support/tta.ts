/** Runs the built command `tta` as a user does, in a process of its own. */
import { execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { tempFolder } from './temp-folder.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Builds the package if it is out of date, as `npm test` does, so that a single test file tests the current sources. */
export function build(): void {
  execFileSync(process.execPath, ['.ci/setup.cjs'], { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
}

export interface TtaExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TtaOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The path of the command. @default the one of this checkout */
  readonly program?: string;
}

export interface Tta {
  readonly exited: Promise<TtaExit>;
  /** Waits until stdout matches the pattern, and returns the match. Rejects when the command ends before. */
  waitForStdout(pattern: RegExp): Promise<RegExpExecArray>;
  /** Waits until stderr matches the pattern, and returns the match. Rejects when the command ends before. */
  waitForStderr(pattern: RegExp): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): void;
}

/** Runs `tta` without the keys, collectors and ports that the environment of this machine names, and what Studio has kept. */
export function tta(args: readonly string[], options: TtaOptions = {}): Tta {
  const { cwd = ROOT, env = {}, program = `${ROOT}/dist/src/tools/cli/tta.js` } = options;
  const cleanEnvironment = Object.entries(process.env).filter(
    ([name]) => !/^(?:OTEL_|OPENAI_|NODE_OPTIONS|VITEST|INIT_CWD|npm_)/.test(name),
  );
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: {
      ...Object.fromEntries(cleanEnvironment),
      OTEL_EXPORTER_PROMETHEUS_PORT: '0',
      XDG_STATE_HOME: tempFolder(),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      output[name] += chunk;
    });
  }
  const exited = new Promise<TtaExit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, ...output }));
  });
  const waitFor = (name: 'stdout' | 'stderr', pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const check = () => {
        const match = pattern.exec(output[name]);
        if (match !== null) resolve(match);
      };
      child[name].on('data', check);
      check();
      void exited.then((exit) =>
        reject(new Error(`it ended and ${name} never matched ${pattern}: ${JSON.stringify(exit)}`)),
      );
    });
  return {
    exited,
    kill: (signal) => void child.kill(signal),
    waitForStdout: (pattern) => waitFor('stdout', pattern),
    waitForStderr: (pattern) => waitFor('stderr', pattern),
  };
}
