import { describe, expect, it } from 'vitest';
import { canOpenBrowser, type Desk } from '../../../src/tools/cli/open-browser.ts';

const DESK: Desk = { platform: 'linux', env: { DISPLAY: ':0' }, isTerminal: true };

describe('a browser', () => {
  it.each<[string, Desk]>([
    ['X11', DESK],
    ['Wayland', { ...DESK, env: { WAYLAND_DISPLAY: 'wayland-0', CI: '' } }],
    ['a browser of the own choice', { ...DESK, env: { DISPLAY: ':0', BROWSER: 'firefox' } }],
    ['macOS', { ...DESK, platform: 'darwin', env: {} }],
    ['Windows', { ...DESK, platform: 'win32', env: {} }],
  ])('is opened on %s', (_where, desk) => {
    expect(canOpenBrowser(desk)).toBe(true);
  });

  it.each<[string, Desk]>([
    ['without a terminal', { ...DESK, isTerminal: false }],
    ['without a display', { ...DESK, env: { DISPLAY: '' } }],
    ['in CI', { ...DESK, env: { DISPLAY: ':0', CI: 'true' } }],
    ['over SSH', { ...DESK, env: { DISPLAY: ':10', SSH_CONNECTION: '10.0.0.1 22' } }],
    ['over SSH to macOS', { ...DESK, platform: 'darwin', env: { SSH_TTY: '/dev/ttys1' } }],
    ['against BROWSER=none', { ...DESK, env: { DISPLAY: ':0', BROWSER: 'none' } }],
  ])('is not opened %s', (_where, desk) => {
    expect(canOpenBrowser(desk)).toBe(false);
  });
});
