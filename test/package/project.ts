import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** npm of the same installation, deaf to what `npm test` hands down about this package. */
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([key]) => !/^(npm_|OTEL_|OPENAI_|NODE_OPTIONS|NODE_ENV|VITEST)/i.test(key),
  );
  return Object.fromEntries(own);
}

/** Runs a program to its end; never rejects for its exit code. `env` is added to this process's environment. */
export function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
  timeoutMs = 240_000,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    execFile(
      command,
      args,
      { cwd, env: { ...environment(), ...env }, maxBuffer: 64 * 2 ** 20, timeout: timeoutMs },
      (error, stdout, stderr) => {
        if (error !== null && typeof error.code !== 'number') {
          reject(
            new Error(`${command} ${args.join(' ')} did not run to its end\n${stdout}${stderr}`, { cause: error }),
          );
        } else {
          resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
        }
      },
    );
  });
}

/** As `run`, for what must succeed: anything but exit code 0 is an error with the output. */
export async function succeed(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, cwd);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}\n${stdout}${stderr}`);
  return stdout;
}

/** A program from this checkout's `node_modules`, by the path of its script. */
export function tool(script: string, args: readonly string[], cwd: string): Promise<Result> {
  return run(process.execPath, [join(ROOT, 'node_modules', script), ...args], cwd);
}

/** A user's project outside the checkout, so that nothing resolves but what was installed in it. */
export interface Project {
  readonly folder: string;
  write(name: string, text: string): Promise<void>;
  install(...packages: string[]): Promise<void>;
  /** Runs a file of the project in Node.js. */
  node(...args: string[]): Promise<Result>;
  remove(): Promise<void>;
}

export async function createProject(): Promise<Project> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'tta-package-')));
  const write = async (name: string, text: string) => {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  };
  await write('package.json', JSON.stringify({ name: 'a-users-project', private: true, type: 'module' }));
  return {
    folder,
    write,
    install: async (...packages) => {
      const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
      await succeed('npm', ['install', ...quiet, ...packages], folder);
    },
    node: (...args) => run(process.execPath, args, folder),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
