import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';

export interface Nats {
  readonly port: number;
  readonly url: string;
  /** SIGSTOP pauses the server and SIGCONT resumes it. SIGKILL and SIGTERM end it, and the promise waits for its end. */
  kill(signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
}

export interface NatsSettings {
  /** @default any free port */
  readonly port?: number;
  /** The folder of what it keeps: a server that is started with it again has it still. @default one of its own, removed at its end */
  readonly storeDir?: string;
  /** Without JetStream. */
  readonly isPlain?: boolean;
  /** More arguments of the program. */
  readonly options?: readonly string[];
}

/** Starts a NATS server with JetStream, and waits until it answers. */
export async function startNats({ port, storeDir, isPlain, options = [] }: NatsSettings = {}): Promise<Nats> {
  const chosen = port ?? (await freePort());
  const folder = storeDir ?? mkdtempSync(join(tmpdir(), 'nats-'));
  const kept = isPlain ? [] : ['--jetstream', '--store_dir', folder];
  const settings = ['--addr', '127.0.0.1', '--port', `${chosen}`, ...kept, ...options];
  const server = spawn('nats-server', settings, { stdio: ['ignore', 'inherit', 'pipe'] });
  const exited = once(server, 'exit');
  let output = '';
  for await (const chunk of server.stderr.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    output += chunk;
    if (output.includes('Server is ready')) break;
  }
  if (server.exitCode !== null) throw new Error(`nats-server ended at once:\n${output}`);
  server.stderr.resume();
  return {
    port: chosen,
    url: `nats://127.0.0.1:${chosen}`,
    async kill(signal) {
      server.kill(signal);
      if (signal === 'SIGSTOP' || signal === 'SIGCONT') return;
      await exited;
      if (storeDir === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}
