/** A network of pods on this machine: a bridge that lives as long as this process. Needs root and Linux. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { eventually } from './prometheus.ts';

export interface PodNetwork {
  /** The address of this machine in the network. */
  readonly gateway: string;
  /** An address that no pod has yet. */
  newAddress(): string;
  /**
   * Starts a process in a network and mount namespace of its own. `prepare` are lines of sh that run in it first.
   *
   * @param command the program and its arguments, after `prepare`
   */
  start(address: string, prepare: string, command: readonly string[], env: NodeJS.ProcessEnv): Promise<ChildProcess>;
  stop(): Promise<void>;
}

function must(program: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
}

const networkOf = (pid: number) => readlinkSync(`/proc/${pid}/ns/net`);

/** The kernel removes a namespace and its links with its last process; the process ends with this one. */
const ISOLATED = ['--net', '--mount', 'setpriv', '--pdeathsig=KILL', 'sh', '-euc'] as const;

export async function startPodNetwork(): Promise<PodNetwork> {
  const prefix = `10.${randomInt(64, 250)}.${randomInt(1, 250)}`;
  const children: ChildProcess[] = [];
  let pods = 0;
  const holder = spawn('unshare', [
    ...ISOLATED,
    'ip link add pods type bridge; ip link set pods up; echo ready; exec sleep infinity',
  ]);
  children.push(holder);
  await once(holder.stdout, 'data');

  /** Joins a new link to the bridge; its other end is `name` in the namespace of `pid`. */
  function link(pid: number, name: string): void {
    const end = `pod${pods}`;
    must('ip', ...`link add ${end} netns ${holder.pid} type veth peer name ${name} netns ${pid}`.split(' '));
    must('nsenter', ...`--net --target ${holder.pid} ip link set ${end} master pods up`.split(' '));
    pods += 1;
  }
  const here = `tta${process.pid}`;
  link(process.pid, here);
  must('ip', 'address', 'add', `${prefix}.1/24`, 'dev', here);
  must('ip', 'link', 'set', here, 'up');

  let last = 1;
  return {
    gateway: `${prefix}.1`,
    newAddress() {
      last += 1;
      return `${prefix}.${last}`;
    },
    async start(address, prepare, command, env) {
      const network = `read -r _; ip link set lo up; ip address add ${address}/24 dev eth0; ip link set eth0 up`;
      const child = spawn('unshare', [...ISOLATED, `${network}\n${prepare}\nexec "$@"`, 'sh', ...command], { env });
      children.push(child);
      await eventually('a namespace of its own', async () =>
        networkOf(child.pid as number) === networkOf(process.pid) ? undefined : true,
      );
      link(child.pid as number, 'eth0');
      child.stdin.end('\n');
      return child;
    },
    async stop() {
      for (const child of children) {
        const exited = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
        child.kill('SIGKILL');
        await exited;
      }
    },
  };
}
