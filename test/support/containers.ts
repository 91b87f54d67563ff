/**
 * podman with crun, in namespaces of its own: its containers, networks and images are not those of this machine. There is
 * no registry: an image is made of programs of this machine, with the libraries that they load.
 */
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { component } from './component.ts';
import { type Namespaces, type RunOptions, startNamespaces } from './namespaces.ts';

/** What an image has beside the tools of busybox. */
export interface ImageContents {
  /** Programs and folders of this machine, by their paths in the image. */
  readonly files?: Readonly<Record<string, string>>;
  /** Links: their targets by their paths. */
  readonly links?: Readonly<Record<string, string>>;
  /** Text files by their paths. */
  readonly texts?: Readonly<Record<string, string>>;
  /** Whether it has sh, wget and the other tools of busybox. */
  readonly tools: boolean;
  /** Empty folders. */
  readonly folders?: readonly string[];
  /** The user that the folders belong to. @default 65534 */
  readonly owner?: number;
  /** Lines of a Dockerfile, such as `USER nobody`. */
  readonly settings: readonly string[];
}

export interface Engine extends Namespaces {
  podman(args: readonly string[], options?: RunOptions): Promise<string>;
  /** Makes an image of this name. */
  createImage(name: string, contents: ImageContents): Promise<void>;
}

export const CONTAINER_PROGRAMS = ['podman', 'crun', 'iptables', 'busybox'] as const;

/** crun wants one version of cgroups: where both are mounted, those of version 1 have the controllers. */
const PREPARE = `
mount -t tmpfs none /run
mkdir /run/lock
mount -t tmpfs none /dev/shm
[ ! -d /sys/fs/cgroup/unified ] || umount /sys/fs/cgroup/unified
`;
/** It takes over, and so ends, what others leave behind. */
const INIT = 'while :; do sleep 10; done';

const USERS = 'root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n';

export async function startContainers(): Promise<Engine> {
  const inside = await startNamespaces({ prepare: PREPARE, init: INIT });
  const at = (path: string) => join(inside.folder, path);
  const configuration = {
    CONTAINERS_CONF: `[network]
network_backend = "netavark"
network_config_dir = "${at('networks')}"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
`,
    CONTAINERS_STORAGE_CONF: `[storage]
driver = "overlay"
graphroot = "${at('storage')}"
runroot = "/run/containers/storage"
`,
    CONTAINERS_REGISTRIES_CONF: 'unqualified-search-registries = ["docker.io"]\n',
  };
  // systemd would run the health checks; here the test does.
  const env: Record<string, string> = { TMPDIR: at('tmp'), DISABLE_HC_SYSTEMD: 'true' };
  for (const folder of ['networks', 'storage', 'tmp']) mkdirSync(at(folder));
  for (const [name, text] of Object.entries(configuration)) {
    writeFileSync(at(name), text);
    env[name] = at(name);
  }
  const podman = (args: readonly string[], options: RunOptions = {}) =>
    inside.must(['podman', ...args], { ...options, env: { ...env, ...options.env } });

  /** The libraries that programs load, and the loader. */
  async function librariesOf(programs: readonly string[]): Promise<readonly string[]> {
    const found = new Set<string>();
    for (const program of programs) {
      const { stdout } = await inside.run(['ldd', program]);
      for (const [path] of stdout.matchAll(/\/\S+(?= \(0x)/g)) found.add(path);
    }
    return [...found];
  }

  async function createImage(name: string, contents: ImageContents): Promise<void> {
    const { files = {}, links = {}, texts = {}, tools, folders = [], owner = 65_534, settings } = contents;
    const root = at(`image-${name.replaceAll(/\W/g, '-')}`);
    const path = (inImage: string) => {
      mkdirSync(join(root, dirname(inImage)), { recursive: true });
      return join(root, inImage);
    };
    const libraries = await librariesOf(Object.values(files));
    for (const [to, from] of [...Object.entries(files), ...libraries.map((library) => [library, library])])
      cpSync(from as string, path(to as string), { recursive: true, dereference: true });
    if (tools) {
      cpSync(component('busybox') as string, path('/bin/busybox'));
      for (const tool of (await inside.must(['busybox', '--list'])).trim().split('\n'))
        if (tool !== 'busybox') symlinkSync('busybox', path(`/bin/${tool}`));
    }
    for (const [to, target] of Object.entries(links)) symlinkSync(target, path(to));
    for (const [to, text] of Object.entries({ '/etc/passwd': USERS, ...texts })) writeFileSync(path(to), text);
    const archive = `${root}.tar`;
    await inside.must([
      'sh',
      '-euc',
      `cd "$1"; mkdir -p tmp; chmod 1777 tmp; shift 2
      for folder; do mkdir -p ".$folder"; chown ${owner}:${owner} ".$folder"; done
      exec tar --create --file "$0" .`,
      archive,
      root,
      '--',
      ...folders,
    ]);
    await podman(['import', '--quiet', ...settings.map((line) => `--change=${line}`), archive, name]);
    await inside.must(['rm', '-r', root, archive]);
  }

  return { ...inside, podman, createImage };
}
