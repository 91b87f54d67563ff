import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { component } from '../../support/component.ts';
import { collectorText, runCommand } from '../../support/deployment.ts';
import { eventually } from '../../support/prometheus.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const supervisord = component('supervisord');
const supervisorctl = component('supervisorctl');
const text = collectorText('systemd/supervisord.conf');

/**
 * Starts a real supervisord that reads the programs but does not start them, as the user of this process. Returns a
 * function that runs a command of supervisorctl.
 */
async function startSupervisord(programs: string): Promise<(command: string) => string> {
  const folder = tempFolder({
    'main.conf': `[supervisord]
nodaemon=true
logfile=/dev/null
logfile_maxbytes=0
pidfile=%(here)s/pid
[unix_http_server]
file=%(here)s/socket
[supervisorctl]
serverurl=unix://%(here)s/socket
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[include]
files=%(here)s/programs.conf
`,
    'programs.conf': programs.replaceAll(/^user=.*$/gm, 'autostart=false'),
  });
  const main = join(folder, 'main.conf');
  const child = spawn(supervisord as string, ['--configuration', main], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    log += chunk;
  });
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const control = (command: string) => runCommand(supervisorctl as string, ['-c', main, command]).output;
  await eventually('supervisord answers', async () => {
    if (child.exitCode !== null) return true;
    return /^\d+$/.test(control('pid').trim()) ? true : undefined;
  });
  if (child.exitCode !== null) throw new Error(log);
  return control;
}

describe.skipIf(supervisord === undefined || supervisorctl === undefined)('the supervisord programs', () => {
  it('are read by supervisord, in one group with a start order', async () => {
    const control = await startSupervisord(text);
    const lines = control('avail').trim().split('\n');
    const priority = new Map(
      lines.map((line) => {
        const words = line.trim().split(/\s+/);
        return [words[0], Number(words.at(-1)?.split(':')[1])] as const;
      }),
    );
    expect([...priority.keys()].sort()).toEqual([
      'tta:alertmanager',
      'tta:app',
      'tta:otelcol-gateway',
      'tta:otelcol-sampler',
      'tta:prometheus',
    ]);
    const [first, ...later] = ['tta:prometheus', 'tta:otelcol-sampler', 'tta:otelcol-gateway', 'tta:app'].map(
      (name) => priority.get(name) ?? Number.NaN,
    );
    let previous = first ?? Number.NaN;
    for (const each of later) {
      expect(each).toBeGreaterThan(previous);
      previous = each;
    }
  });

  it('the check can fail', async () => {
    await expect(startSupervisord(text.replace('stopwaitsecs=300', 'stopwaitsecs=long'))).rejects.toThrow(
      /invalid literal/,
    );
  });

  it('give every program a user and time to stop', () => {
    const programs = text.split(/^(?=\[program:)/m).slice(1);
    expect(programs).toHaveLength(5);
    for (const program of programs) {
      expect(program).toMatch(/^user=[a-z]+$/m);
      expect(program).toMatch(/^stopwaitsecs=\d+$/m);
    }
  });
});
