/** Opens a page for a person who sits in front of this machine. */
import { spawn } from 'node:child_process';

export interface Desk {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the output goes to a terminal. */
  readonly isTerminal: boolean;
}

/** Each makes a program of the system believe that nobody sees what it opens. */
const NOBODY_LOOKS = ['CI', 'SSH_CONNECTION', 'SSH_CLIENT', 'SSH_TTY'];

/** Whether there are a terminal and a display, and nobody has said not to. */
export function canOpenBrowser({ platform, env, isTerminal }: Desk): boolean {
  const has = (name: string) => (env[name] ?? '') !== '';
  if (!isTerminal || env.BROWSER === 'none' || NOBODY_LOOKS.some(has)) return false;
  return platform === 'darwin' || platform === 'win32' || has('DISPLAY') || has('WAYLAND_DISPLAY');
}

/** Nothing tells whether it worked: the address is printed anyway. */
export function openBrowser(url: string, platform: NodeJS.Platform = process.platform): void {
  const [command, ...args] =
    platform === 'darwin'
      ? ['open', url]
      : platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler', url]
        : ['xdg-open', url];
  const child = spawn(command as string, args, { stdio: 'ignore', detached: true, windowsHide: true });
  child.once('error', () => {});
  child.unref();
}
