import { spawn } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { component } from '../../support/component.ts';
import { collectorPath, collectorText, documents } from '../../support/deployment.ts';
import { freePort } from '../../support/free-port.ts';
import { eventually } from '../../support/prometheus.ts';
import { tempFolder } from '../../support/temp-folder.ts';

type Compose = { services: Record<string, { command: readonly string[] }> };
const [compose] = documents<Compose>(collectorText('compose/compose.yaml'));

/** The arguments of a program in a unit, in the supervisord file and in the compose file. */
function commandLines(program: string): Record<string, readonly string[]> {
  const flags = (text: string) => text.split(/\s+/).filter((word) => word.startsWith('--'));
  const unit = collectorText(`systemd/${program}.service`).match(/^ExecStart=(?:.*\\\n)*.*$/m)?.[0] ?? '';
  const section = collectorText('systemd/supervisord.conf').split(`[program:${program}]`)[1] ?? '';
  return {
    systemd: flags(unit),
    supervisord: flags(section.match(/^command=.*(?:\n .*)*/m)?.[0] ?? ''),
    compose: compose?.services[program]?.command ?? [],
  };
}

/** Starts the program with these arguments, but with a temporary folder and a free port. Returns whether it becomes ready. */
async function becomesReady(program: string, args: readonly string[], configuration: string): Promise<boolean> {
  const folder = tempFolder();
  const port = await freePort();
  cpSync(collectorPath(configuration), join(folder, 'etc'), { recursive: true });
  const replaced = args.map((argument) =>
    argument
      .replace(/(--config\.file=)\/etc\/\w+/, `$1${join(folder, 'etc')}`)
      .replace(/(--storage(?:\.tsdb)?\.path=).*/, `$1${join(folder, 'data')}`)
      .replace(/(--web\.listen-address=).*/, `$1127.0.0.1:${port}`),
  );
  const child = spawn(program, replaced, { cwd: folder, stdio: 'ignore' });
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return eventually(`${program} ${replaced.join(' ')} is ready`, async () => {
    if (child.exitCode !== null) return false;
    return (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok ? true : undefined;
  });
}

const PROGRAMS = { prometheus: ['prometheus', 'prometheus-3'], alertmanager: ['prometheus-alertmanager'] } as const;

describe.each(['prometheus', 'alertmanager'] as const)('the command line of %s', (name) => {
  const lines = commandLines(name);

  it('is the same in all files, except for paths and addresses', () => {
    const withoutPaths = (line: readonly string[]) =>
      line.map((flag) => flag.replace(/^(--(?:storage(?:\.tsdb)?\.path|web\.listen-address)=).*/, '$1'));
    expect(lines.systemd?.length).toBeGreaterThan(4);
    expect(withoutPaths(lines.supervisord ?? [])).toEqual(withoutPaths(lines.systemd ?? []));
    expect(withoutPaths(lines.compose ?? [])).toEqual(withoutPaths(lines.systemd ?? []));
  });

  it('listens on loopback', () => {
    expect(lines.systemd?.find((flag) => flag.startsWith('--web.listen-address='))).toMatch(/=127\.0\.0\.1:\d+$/);
    expect(lines.supervisord?.find((flag) => flag.startsWith('--web.listen-address='))).toMatch(/=127\.0\.0\.1:\d+$/);
  });

  for (const program of PROGRAMS[name]) {
    const found = component(program);
    it.skipIf(found === undefined)(`starts the real ${program} with the shipped configuration`, async () => {
      expect(await becomesReady(found as string, lines.systemd ?? [], name)).toBe(true);
    });
  }
});

describe('the retention of Prometheus', () => {
  it('has a limit of time and of size', () => {
    const { systemd = [] } = commandLines('prometheus');
    expect(systemd.filter((flag) => flag.includes('retention'))).toEqual([
      '--storage.tsdb.retention.time=30d',
      '--storage.tsdb.retention.size=20GB',
    ]);
  });
});
