import { type Clock, systemClock } from '../time/clock.ts';

/** Where progress is shown: `process.stderr`, or a test's own. */
export interface Screen {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

const TERMINAL_EVERY_MS = 80;
const FILE_EVERY_MS = 2_000;
const CLEAR_LINE = '\r\u001b[2K';

/** One line that is rewritten on a terminal; elsewhere a line now and then, and one at the end. */
export function createProgress(screen: Screen, clock: Clock = systemClock) {
  const every = screen.isTTY ? TERMINAL_EVERY_MS : FILE_EVERY_MS;
  let next = screen.isTTY ? 0 : clock.now() + every;
  return {
    update(done: number, of: number): void {
      const now = clock.now();
      if (now < next && done < of) return;
      next = now + every;
      const line = `${done} of ${of} parts summarised`;
      screen.write(screen.isTTY ? `${CLEAR_LINE}${bar(done, of)} ${line}` : `${line}\n`);
    },
    /** Makes room for whatever is printed next. */
    clear(): void {
      if (screen.isTTY) screen.write(CLEAR_LINE);
      next = screen.isTTY ? 0 : clock.now() + every;
    },
  };
}

function bar(done: number, of: number): string {
  const full = of === 0 ? 0 : Math.round((20 * done) / of);
  return '█'.repeat(full) + '░'.repeat(20 - full);
}
