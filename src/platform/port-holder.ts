/** Which process listens on which TCP port. It works on Linux only, and only for processes of the same user. */
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
  const addressHex = hexOf(address);
  const wanted = (await listeningSockets()).filter((each) => each.port === port && isAt(each.addressHex, addressHex));
  if (wanted.length === 0) return undefined;
  for (const pid of (await entries('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const open = await openFiles(pid);
    if (wanted.some(({ file }) => open.has(file)))
      return { pid: Number(pid), command: (await text(`/proc/${pid}/comm`)).trim() };
  }
  return undefined;
}

/** The ports that a process listens on, in rising order. */
export async function portsOf(pid: number): Promise<readonly number[]> {
  const open = await openFiles(String(pid));
  const ports = (await listeningSockets()).filter(({ file }) => open.has(file)).map(({ port }) => port);
  return [...new Set(ports)].sort((a, b) => a - b);
}

interface ListeningSocket {
  readonly addressHex: string;
  readonly port: number;
  /** What the link of its file descriptor says. */
  readonly file: string;
}

/** From lines such as `0: 0100007F:24F8 00000000:0000 0A ... inode`. */
async function listeningSockets(): Promise<readonly ListeningSocket[]> {
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map(text));
  return tables
    .flatMap((table) => table.split('\n').map((line) => line.trim().split(/\s+/)))
    .filter(([, , , state]) => state === LISTENING)
    .map(([, local = '', , , , , , , , inode]) => {
      const [addressHex = '', port = ''] = local.split(':');
      return { addressHex, port: Number.parseInt(port, 16), file: `socket:[${inode}]` };
    });
}

async function openFiles(pid: string): Promise<ReadonlySet<string>> {
  const fds = await entries(`/proc/${pid}/fd`);
  return new Set(await Promise.all(fds.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''))));
}

/** Whether an address of the table is `addressHex` or all addresses. */
function isAt(localHex: string, addressHex: string | undefined): boolean {
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
