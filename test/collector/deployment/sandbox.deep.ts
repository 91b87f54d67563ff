/**
 * The sandbox of the systemd units, under a real systemd: a program that tries what they forbid runs in the place of each
 * unit's own. Without a sandbox it succeeds, or the kernel itself gives another answer.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { component } from '../../support/component.ts';
import { collectorPath, collectorText } from '../../support/deployment.ts';
import { bootSystemd, type SystemdMachine } from '../../support/systemd-machine.ts';

const systemctl = component('systemctl');
const UNITS = readdirSync(collectorPath('systemd')).filter((name) => name.endsWith('.service'));
const PROBE = readFileSync(join(import.meta.dirname, '../../support/sandbox-probe.py'), 'utf8');

/** What the program gets: in the sandbox, and without one as root. */
const ANSWERS: Readonly<Record<string, readonly [inside: unknown, outside: unknown]>> = {
  CapabilityBoundingSet: ['0000000000000000', expect.stringMatching(/[^0]/)],
  DynamicUser: ['dynamic', 0],
  IPAddressAllow: ['ECONNREFUSED', 'ECONNREFUSED'],
  // Refused as it leaves, or dropped as it arrives.
  IPAddressDeny: [expect.stringMatching(/^(EPERM|timed out)$/), 'ECONNREFUSED'],
  LockPersonality: ['EPERM', null],
  MemoryDenyWriteExecute: ['EPERM', null],
  NoNewPrivileges: ['1', '0'],
  PrivateDevices: [true, false],
  PrivateTmp: [false, true],
  PrivateUsers: ['own user', 'all users'],
  ProcSubset: [false, true],
  ProtectClock: ['EPERM', 'EINVAL'],
  ProtectControlGroups: [true, false],
  ProtectHome: ['EACCES', null],
  ProtectHostname: ['EPERM', null],
  ProtectKernelLogs: ['EPERM', null],
  ProtectKernelModules: ['EPERM', expect.stringMatching(/^(ENOENT|ENOSYS)$/)],
  ProtectProc: [false, true],
  ProtectSystem: ['EROFS', null],
  RemoveIPC: [null, null],
  RestrictAddressFamilies: ['EAFNOSUPPORT', null],
  RestrictNamespaces: ['EPERM', null],
  RestrictSUIDSGID: ['EPERM', null],
  StateDirectory: [null, null],
  SystemCallFilter: ['EPERM', null],
  UMask: ['0o600', '0o644'],
};
/** systemd.deep.ts shows them, or each EPERM above does. */
const ELSEWHERE = [
  ...['Environment', 'EnvironmentFile', 'ExecReload', 'ExecStart', 'ExecStartPre', 'LoadCredential', 'MemoryMax'],
  ...['Restart', 'RestartSec', 'SystemCallErrorNumber', 'Type', 'WorkingDirectory'],
];
/** What no test shows, and why. */
const NOT_SHOWN = {
  DevicePolicy: 'PrivateDevices leaves no device that it could refuse',
  LimitNOFILE: 'the machine of the tests allows fewer open files',
  OOMPolicy: 'no program here starts another that could run out of memory alone',
  ProtectKernelTunables: 'of /proc and /sys the machine in the tests has those parts read-only anyway',
  RestrictRealtime: 'the cgroups of the tests have no real-time budget anyway',
  SystemCallArchitectures: 'needs a program of another architecture',
  TimeoutStopSec: 'each program ends long before',
};

const directives = (text: string) => [...text.matchAll(/^(\w+)=/gm)].map(([, name]) => name as string);
const serviceOf = (text: string) => /\[Service\]\n([\s\S]*?)\n\[Install\]/.exec(text)?.[1] ?? '';

const PROGRAM = 'ExecStart=/usr/bin/python3 /usr/local/lib/probe.py\nStandardOutput=truncate:/run/answers';
/** The unit with the program in the place of its own. */
const probing = (text: string) =>
  text
    .replaceAll(/^(?:ExecStart|ExecStartPre|ExecReload|Restart|LoadCredential|WorkingDirectory)=(?:.*\\\n)*.*\n/gm, '')
    .replace('Type=exec', `Type=oneshot\n${PROGRAM}`);

/** The bytes of a MemoryMax. */
const bytes = (text: string) => {
  const [, number, unit] = /^MemoryMax=(\d+)([MG])$/m.exec(text) ?? [];
  return String(Number(number) * 2 ** (unit === 'G' ? 30 : 20));
};

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

describe.skipIf(systemctl === undefined)('the sandbox of the units', () => {
  let machine: SystemdMachine;

  async function answers(unit: string, text: string): Promise<Record<string, unknown>> {
    machine.write(`/etc/systemd/system/${unit}`, text);
    await machine.sh(`systemctl daemon-reload\nsystemctl start ${unit.replace('@.', '@probe.')}`);
    return JSON.parse(await machine.sh('cat /run/answers'));
  }

  beforeAll(async () => {
    machine = await bootSystemd({});
    machine.write('/usr/local/lib/probe.py', PROBE);
    // An address that is not loopback, on which nothing listens either.
    await machine.sh(
      'ip address add 10.9.9.9/24 dev lo\ntouch /tmp/of-the-machine /root/file\nmkdir -p /var/lib/probe',
    );
  });
  afterAll(() => machine?.stop());

  it('is of directives that are all shown here, or are named as not shown', () => {
    const used = new Set(UNITS.flatMap((unit) => directives(serviceOf(collectorText(`systemd/${unit}`)))));
    const known = [...Object.keys(ANSWERS), ...ELSEWHERE, ...Object.keys(NOT_SHOWN)];
    expect([...used].sort()).toEqual(known.sort());
  });

  it('is what forbids: without it, all of that is possible', async () => {
    const free = `[Service]\nType=oneshot\n${PROGRAM}\n`;
    const got = await answers('free.service', free);
    const expected = Object.fromEntries(Object.entries(ANSWERS).map(([name, [, outside]]) => [name, outside]));
    expect(got).toMatchObject(expected);
    expect(await machine.sh('cat /proc/sysvipc/shm')).toMatch(/^ +4711 /m);
    await machine.sh('ipcrm --shmem-key 4711');
  });

  it.each(UNITS)('holds in %s', async (unit) => {
    const text = collectorText(`systemd/${unit}`);
    const used = directives(text);
    const got = await answers(unit, probing(text));
    const expected = Object.fromEntries(
      Object.entries(ANSWERS).map(([name, [inside, outside]]) => [name, used.includes(name) ? inside : outside]),
    );
    expect(got).toMatchObject({ ...expected, MemoryMax: bytes(text) });
    // What it shared is gone with it.
    expect(await machine.sh('cat /proc/sysvipc/shm')).not.toMatch(/^ +4711 /m);
  });
});
