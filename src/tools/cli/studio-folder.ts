import { homedir, userInfo } from 'node:os';
import { isAbsolute } from 'node:path';
import { stateFolder } from '../studio/store/state-folder.ts';

export const NO_FOLDER = 'This user has no home folder. To keep runs on disk, set XDG_STATE_HOME to a folder.';

/** The folder of what Studio keeps, by the environment; `undefined` where this user has no place for it. */
export function studioFolder(env: Readonly<Record<string, string | undefined>>): string | undefined {
  return stateFolder({ platform: process.platform, home: homeFolder(), env });
}

/** HOME can be missing, empty or relative, and a user of a container need not be in the list of users. */
function homeFolder(): string | undefined {
  for (const find of [homedir, () => userInfo().homedir]) {
    try {
      const home = find();
      if (isAbsolute(home)) return home;
    } catch {}
  }
  return undefined;
}
