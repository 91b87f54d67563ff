import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';

const run = promisify(execFile);

export interface Redis {
  readonly port: number;
  readonly url: string;
  /** Runs `redis-cli` with this command and returns its output. */
  cli(...command: string[]): Promise<string>;
  /** SIGSTOP pauses the server and SIGCONT resumes it. SIGKILL ends it, and the promise waits for its end. */
  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
}

/** Starts a Redis that stores nothing on disk, and waits until it answers. @param port @default any free port */
export async function startRedis({ port, options = [] }: { port?: number; options?: string[] } = {}): Promise<Redis> {
  const chosen = port ?? (await freePort());
  const settings = ['--port', `${chosen}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  // It would load a dump.rdb that lies in the current folder.
  settings.push('--dir', tmpdir(), '--dbfilename', `tta-test-${chosen}.rdb`, ...options);
  const server = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(server, 'exit');
  let output = '';
  for await (const chunk of server.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    output += chunk;
    if (output.includes('Ready to accept connections')) break;
  }
  if (server.exitCode !== null) throw new Error(`redis-server ended at once:\n${output}`);
  server.stdout.resume();
  return {
    port: chosen,
    url: `redis://127.0.0.1:${chosen}`,
    cli: async (...command) => (await run('redis-cli', ['-p', `${chosen}`, ...command])).stdout.trimEnd(),
    async kill(signal) {
      server.kill(signal);
      if (signal === 'SIGKILL') await exited;
    },
  };
}
