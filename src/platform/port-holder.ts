/** Finds the process that listens on a TCP port. It works on Linux only, and only for processes of the same user. */
import { readdir, readFile, readlink } from 'node:fs/promises';

export interface PortHolder {
  readonly pid: number;
  /** The name of the command without its arguments, which can contain secrets. */
  readonly command: string;
}

/** The state of a listening socket in /proc/net/tcp. */
const LISTENING = '0A';

/** The process that listens on `port` at `address` or at all addresses; `undefined` when it is unknown. */
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

/** The inodes of the listening sockets, from lines such as `0: 0100007F:24F8 00000000:0000 0A ... inode`. */
async function inodes(table: string, port: number, address: string): Promise<string[]> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const addressHex = hexOf(address);
  return (await text(table))
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = '', , state]) => state === LISTENING && local.endsWith(suffix) && isAt(local, addressHex))
    .flatMap((columns) => columns[9] ?? []);
}

/** Whether a local address of the table is `addressHex` or all addresses. */
function isAt(local: string, addressHex: string | undefined): boolean {
  const localHex = local.slice(0, local.indexOf(':'));
  return addressHex === undefined || /^0+$/.test(localHex) || localHex.endsWith(addressHex);
}

/** An IPv4 address in the notation of the tables; `undefined` for other addresses, which are not compared. */
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
