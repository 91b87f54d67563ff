/**
 * A systemd that manages a machine of its own: its root is a copy of this machine's in memory, without the services of
 * this machine. It has the programs of the units in /usr/local/bin.
 */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Namespaces, startNamespaces } from './namespaces.ts';
import { eventually } from './prometheus.ts';

export interface SystemdMachine extends Namespaces {
  write(path: string, content: string, mode?: number): void;
  /** Runs lines of sh, which must succeed. Resolves with their output, of which stderr is part too. */
  sh(lines: string, cwd?: string): Promise<string>;
  /** The value of a property of a unit. */
  property(unit: string, name: string): Promise<string>;
  /** The last lines of a unit's journal. */
  journal(unit: string): Promise<string>;
}

/** A kernel serves cgroups in one hierarchy (version 2), or in one for each controller beside it; each is mounted again. */
const PREPARE = `
root=$folder/root
mount -t tmpfs -o mode=755 none $folder
mkdir $folder/upper $folder/work $root
mount -t overlay none -o lowerdir=/,upperdir=$folder/upper,workdir=$folder/work $root
mount -t proc none $root/proc
mount --bind $root/proc/sys $root/proc/sys
mount -o remount,bind,ro $root/proc/sys
mount -t sysfs none $root/sys
grep -q ' /sys/fs/cgroup cgroup2 ' /proc/mounts || mount -t tmpfs -o mode=755 none $root/sys/fs/cgroup
awk '$3 ~ /^cgroup2?$/ { print $2, $3, $4 }' /proc/mounts | while read -r path type options; do
  case $options in *name=*) options=none,$options ;; esac
  mkdir -p $root$path
  mount -t $type -o $options none $root$path
done
mount -o remount,bind,ro $root/sys
for path in run tmp dev; do mount -t tmpfs -o mode=755 none $root/$path; done
chmod 1777 $root/tmp
for device in null zero full random urandom tty; do cp -a /dev/$device $root/dev; done
ln -s /proc/self/fd $root/dev/fd
mkdir $root/dev/pts $root/dev/shm
mount -t devpts -o newinstance,ptmxmode=666 none $root/dev/pts
ln -s pts/ptmx $root/dev/ptmx
mount -t tmpfs none $root/dev/shm
# As if no package of these programs had been installed here.
(
  cd $root/etc
  rm -rf fstab init.d systemd/system prometheus alertmanager otelcol-tta tta
  mkdir systemd/system
  : >machine-id
  sed -i /^prometheus:/d passwd group shadow gshadow
)
ln -s /lib/systemd/system/multi-user.target $root/etc/systemd/system/default.target
ln -s /dev/null $root/etc/systemd/system/systemd-modules-load.service
# In a changed root the kernel allows no new user namespace (PrivateUsers): this root becomes the one of the mounts.
cd $root
pivot_root . mnt
umount --lazy /mnt
# As systemd does outside of containers: the credentials of a service are mounted by a process in a namespace of its own.
mount --make-rshared /
`;
const INIT = 'exec env -i container=tta /lib/systemd/systemd';
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** @param programs paths on this machine, by their names in the folder /usr/local/bin of the other */
export async function bootSystemd(programs: Readonly<Record<string, string>>): Promise<SystemdMachine> {
  const inside = await startNamespaces({ prepare: PREPARE, init: INIT, ownCgroups: true });
  const write = (path: string, content: string, mode = 0o644) => {
    mkdirSync(join(inside.root, dirname(path)), { recursive: true });
    writeFileSync(join(inside.root, path), content, { mode });
  };
  try {
    // `copyFile` follows links: what is below /root or /home would be hidden from the services.
    for (const [name, path] of Object.entries(programs)) copyFileSync(path, join(inside.root, 'usr/local/bin', name));
    await eventually('systemd has started', async () => {
      const { stdout } = await inside.run(['systemctl', 'is-system-running']);
      return /^(?:running|degraded)$/.test(stdout.trim()) ? true : undefined;
    });
  } catch (error) {
    await inside.stop();
    throw error;
  }
  return {
    ...inside,
    write,
    sh: (lines, cwd = '/') => inside.must(['sh', '-euc', `exec 2>&1\n${lines}`], { cwd, env: { PATH } }),
    property: async (unit, name) => (await inside.must(['systemctl', 'show', '--value', '-p', name, unit])).trim(),
    journal: (unit) => inside.must(['journalctl', '--no-pager', '--output=cat', '--lines=40', `--unit=${unit}`]),
  };
}
