/** The built command as a user runs it: a process of its own. */
import { execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Builds `dist` where it is out of date, as `npm test` does: a test file that is run alone tests the present sources. */
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
  /** @default the one of this checkout */
  readonly program?: string;
}

export interface Tta {
  readonly exited: Promise<TtaExit>;
  /** What the pattern finds on stdout, once it does. Rejects when the command ends before. */
  shows(pattern: RegExp): Promise<RegExpExecArray>;
  /** The same on stderr. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): void;
}

/** Runs `tta`. Keys, collectors and ports of the machine that tests run on do not reach it. */
export function tta(args: readonly string[], options: TtaOptions = {}): Tta {
  const { cwd = ROOT, env = {}, program = `${ROOT}/dist/src/tools/cli/tta.js` } = options;
  const clean = Object.entries(process.env).filter(
    ([name]) => !/^(?:OTEL_|OPENAI_|NODE_OPTIONS|VITEST|INIT_CWD|npm_)/.test(name),
  );
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { ...Object.fromEntries(clean), OTEL_EXPORTER_PROMETHEUS_PORT: '0', ...env },
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
  const finds = (name: 'stdout' | 'stderr', pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(output[name]);
        if (found !== null) resolve(found);
      };
      child[name].on('data', look);
      look();
      void exited.then((exit) => reject(new Error(`it ended without showing ${pattern}: ${JSON.stringify(exit)}`)));
    });
  return {
    exited,
    kill: (signal) => void child.kill(signal),
    shows: (pattern) => finds('stdout', pattern),
    says: (pattern) => finds('stderr', pattern),
  };
}
