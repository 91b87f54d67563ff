import { isAbsolute, posix, win32 } from 'node:path';

/** Where this user's programs keep what they know from one start to the next. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly home: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const NAME = 'tta-studio';
/** Beside it are its log and the index of that. A file that was set aside has a longer name. */
export const DATABASE = 'studio.db';
/** Who has the database open. */
export const LOCK = 'studio.lock';

/**
 * The folder of Studio's data: below `XDG_STATE_HOME` where that is an absolute path, else where the system keeps such
 * data; `undefined` without a home.
 */
export function stateFolder({ platform, home, env }: Machine): string | undefined {
  const { join } = platform === 'win32' ? win32 : posix;
  const chosen = env.XDG_STATE_HOME ?? '';
  if (isAbsolute(chosen)) return join(chosen, NAME);
  if (platform === 'win32' && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, NAME);
  if (home === undefined) return undefined;
  if (platform === 'win32') return join(home, 'AppData', 'Local', NAME);
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', NAME);
  return join(home, '.local', 'state', NAME);
}
