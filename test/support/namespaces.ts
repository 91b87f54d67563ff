/**
 * A part of this machine with mounts, processes, a network and names of its own: what runs there changes nothing here.
 * However the test process ends, all of it ends too. Needs root and Linux.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  /** `machine`: with the network of this machine, for what must be downloaded. @default 'own' */
  readonly network?: 'own' | 'machine';
}

export interface Namespaces {
  /** An empty folder that has the same path inside and outside. */
  readonly folder: string;
  /** The path outside of the root that the inside has. */
  readonly root: string;
  /** What runs inside belongs into cgroups of this name; they are removed at the end. */
  readonly cgroup: string;
  /** Runs a program inside to its end. Never rejects for its exit code. */
  run(command: readonly string[], options?: RunOptions): Promise<Result>;
  /** As `run`, for what must succeed: resolves with its stdout. */
  must(command: readonly string[], options?: RunOptions): Promise<string>;
  /** What a server inside answers; rejects when it is not 200. */
  get(url: string): Promise<string>;
  stop(): Promise<void>;
}

export interface NamespaceOptions {
  /** Lines of sh that prepare the inside. `$folder` is the folder. */
  readonly prepare: string;
  /** The command that becomes the first process inside. */
  readonly init: string;
  /** The first process and all that it starts are in cgroups of their own, which they see as the root. @default false */
  readonly ownCgroups?: boolean;
}

/** Waits for the end of its input, and then removes everything. */
const KEEPER = `
folder=$1 cgroup=$2 own=$3 inside=$4
hierarchies=$(awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/mounts)
(
  if [ "$own" ]; then
    for hierarchy in $hierarchies; do
      mkdir "$hierarchy/$cgroup"
      for file in cpuset.cpus cpuset.mems; do
        [ ! -e "$hierarchy/$file" ] || cat "$hierarchy/$file" >"$hierarchy/$cgroup/$file"
      done
      sh -c 'echo $PPID' >"$hierarchy/$cgroup/cgroup.procs"
    done
  fi
  exec unshare --mount --pid --net --ipc --uts $own --fork --kill-child --mount-proc sh -euc "$inside" sh "$folder"
) </dev/null &
echo $!
cat >/dev/null
# Where the test process has ended, nothing reads the output any more.
exec >/dev/null 2>&1
kill -9 $! || true
wait $! || true
for try in $(seq 100); do
  left=$(find $hierarchies -maxdepth 1 -type d -name "$cgroup")
  [ "$left" ] || break
  find $left -depth -type d -exec rmdir {} + || sleep 0.1
done
rm -rf "$folder"
`;

/** Writes the answer to a request, or fails with it. */
const GET = `fetch(process.argv[1]).then(async (answer) => {
  process.stdout.write(await answer.text());
  if (!answer.ok) throw new Error(String(answer.status));
})`;

let started = 0;

export async function startNamespaces(options: NamespaceOptions): Promise<Namespaces> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tta-inside-')));
  const cgroup = `tta-${process.pid}-${++started}`;
  const own = options.ownCgroups ? '--cgroup' : '';
  const inside = `folder=$1\nmount --make-rprivate /\nip link set lo up\n${options.prepare}\necho ready\n${options.init}`;
  const keeper = spawn('sh', ['-euc', KEEPER, 'sh', folder, cgroup, own, inside], { detached: true });
  let output = '';
  for (const stream of [keeper.stdout, keeper.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output = (output + chunk).slice(-20_000);
    });
  const ended = new Promise<void>((resolve) => keeper.once('close', () => resolve()));
  const stop = () => {
    keeper.stdin.end();
    return ended;
  };
  await new Promise<void>((resolve, reject) => {
    const ready = () => /^ready$/m.test(output) && resolve();
    keeper.stdout.on('data', ready);
    keeper.stderr.on('data', (chunk: string) => {
      // What the first process says before it is ready is why it cannot become ready.
      if (!/^ready$/m.test(output)) void stop().then(() => reject(new Error(`${chunk}${output}`)));
    });
  });
  const unshare = Number(/^\d+/.exec(output)?.[0]);
  const first = readFileSync(`/proc/${unshare}/task/${unshare}/children`, 'utf8').trim();

  async function run(command: readonly string[], { cwd = '/', env, input, network }: RunOptions = {}): Promise<Result> {
    const spaces = ['--mount', '--pid', '--ipc', '--uts', ...(network === 'machine' ? [] : ['--net'])];
    if (options.ownCgroups) spaces.push('--cgroup');
    const child = spawn(
      'nsenter',
      ['--target', first, ...spaces, '--root', '--', 'env', `--chdir=${cwd}`, ...command],
      {
        env: { ...process.env, ...env },
      },
    );
    child.stdin.on('error', () => {}); // It ended without reading its input.
    child.stdin.end(input ?? '');
    const closed = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
    return { code, stdout, stderr };
  }

  async function must(command: readonly string[], runOptions?: RunOptions): Promise<string> {
    const { code, stdout, stderr } = await run(command, runOptions);
    if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  const get = (url: string) => must([process.execPath, '--eval', GET, url]);
  return { folder, root: `/proc/${first}/root`, cgroup, run, must, get, stop };
}
