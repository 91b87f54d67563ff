/** Who listens on a TCP port. Linux tells; elsewhere, and for processes of other users, nobody is known. */
import { readdir, readFile, readlink } from 'node:fs/promises';

export interface PortHolder {
  readonly pid: number;
  /** The command's name only: its arguments can hold secrets. */
  readonly command: string;
}

const LISTENING = '0A';

/** The holder of `port` on `address` or on all addresses. */
export async function findPortHolder(port: number, address: string): Promise<PortHolder | undefined> {
  const sockets = (await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((table) => inodes(table, port, address))))
    .flat()
    .map((inode) => `socket:[${inode}]`);
  if (sockets.length === 0) return undefined;
  for (const pid of await entries('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    for (const fd of await entries(`/proc/${pid}/fd`)) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '');
      if (sockets.includes(target)) return { pid: Number(pid), command: (await text(`/proc/${pid}/comm`)).trim() };
    }
  }
  return undefined;
}

/** The kernel's socket numbers, from lines such as `0: 0100007F:24F8 00000000:0000 0A ... inode`. */
async function inodes(table: string, port: number, address: string): Promise<string[]> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const wanted = hexOf(address);
  return (await text(table))
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = '', , state]) => state === LISTENING && local.endsWith(suffix) && holds(local, wanted))
    .flatMap((columns) => columns[9] ?? []);
}

function holds(local: string, wanted: string | undefined): boolean {
  const held = local.slice(0, local.indexOf(':'));
  return wanted === undefined || /^0+$/.test(held) || held.endsWith(wanted);
}

/** An IPv4 address as the tables have it; `undefined` for others, which are not told apart. */
function hexOf(address: string): string | undefined {
  const bytes = address.split('.').map(Number);
  if (bytes.length !== 4 || bytes.every((byte) => byte === 0) || bytes.some(Number.isNaN)) return undefined;
  return bytes
    .reverse()
    .map((byte) => byte.toString(16).toUpperCase().padStart(2, '0'))
    .join('');
}

const text = (path: string) => readFile(path, 'utf8').catch(() => '');
const entries = (path: string) => readdir(path).catch(() => []);
