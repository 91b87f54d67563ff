import { type Clock, systemClock } from '../../platform/clock.ts';

/** Where progress is shown: `process.stderr`, or a test's own. */
export interface Screen {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

const TERMINAL_EVERY_MS = 80;
const FILE_EVERY_MS = 2_000;
const CLEAR_LINE = '\r\u001b[2K';

/** One line that is rewritten on a terminal; elsewhere a line now and then, and one at the end. */
export function createLiveLine(screen: Screen, clock: Clock = systemClock) {
  const every = screen.isTTY ? TERMINAL_EVERY_MS : FILE_EVERY_MS;
  let next = screen.isTTY ? 0 : clock.now() + every;
  return {
    /** @param bar goes before the line where there is a terminal */
    show(line: string, { last = false, bar = '' } = {}): void {
      const now = clock.now();
      if (now < next && !last) return;
      next = now + every;
      screen.write(screen.isTTY ? `${CLEAR_LINE}${bar}${line}` : `${line}\n`);
    },
    /** Makes room for whatever is printed next. */
    clear(): void {
      if (screen.isTTY) screen.write(CLEAR_LINE);
      next = screen.isTTY ? 0 : clock.now() + every;
    },
  };
}

/** 20 characters, full where `share` is 1. */
export function bar(share: number): string {
  const full = Math.round(20 * Math.min(1, share));
  return '█'.repeat(full) + '░'.repeat(20 - full);
}
