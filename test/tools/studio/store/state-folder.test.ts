import { expect, it } from 'vitest';
import { stateFolder } from '../../../../src/tools/studio/store/state-folder.ts';

it.each([
  ['linux', {}, '/home/a/.local/state/tta-studio'],
  ['linux', { XDG_STATE_HOME: '/var/my state' }, '/var/my state/tta-studio'],
  // A path that is not absolute is to be ignored, says the specification.
  ['linux', { XDG_STATE_HOME: 'state' }, '/home/a/.local/state/tta-studio'],
  ['linux', { XDG_STATE_HOME: '' }, '/home/a/.local/state/tta-studio'],
  ['darwin', {}, '/home/a/Library/Application Support/tta-studio'],
  ['win32', { LOCALAPPDATA: 'C:\\Users\\a\\AppData\\Local' }, 'C:\\Users\\a\\AppData\\Local\\tta-studio'],
  ['win32', {}, '\\home\\a\\AppData\\Local\\tta-studio'],
] as const)('on %s with %o data is kept in %s', (platform, env, folder) => {
  expect(stateFolder({ platform, home: '/home/a', env })).toBe(folder);
});

it.each(['linux', 'darwin', 'win32'] as const)(
  'on %s without a home there is no place but one that is named',
  (platform) => {
    expect(stateFolder({ platform, home: undefined, env: {} })).toBeUndefined();
    const env = platform === 'win32' ? { LOCALAPPDATA: 'C:\\Local' } : { XDG_STATE_HOME: '/var/state' };
    expect(stateFolder({ platform, home: undefined, env })).toMatch(/tta-studio$/);
  },
);
