import { homedir } from 'node:os';
import { stateFolder } from '../studio/store/state-folder.ts';

/** The folder of what Studio keeps, by the environment. */
export function studioFolder(env: Readonly<Record<string, string | undefined>>): string {
  return stateFolder({ platform: process.platform, home: homedir(), env });
}
