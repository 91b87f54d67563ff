import { type Clock, systemClock } from '../time/clock.ts';

/** Where progress is shown: `process.stderr`, or a test's own. */
export interface Screen {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

const TERMINAL_EVERY_MS = 80;
const FILE_EVERY_MS = 2_000;

/** One line that is rewritten on a terminal; elsewhere a line now and then, and one at the end. */
export function createProgress(screen: Screen, clock: Clock = systemClock) {
  let next = 0;
  let shown = false;
  return {
    update(done: number, of: number): void {
      const now = clock.now();
      if (now < next && done < of) return;
      next = now + (screen.isTTY ? TERMINAL_EVERY_MS : FILE_EVERY_MS);
      const line = `${done} of ${of} parts summarised`;
      screen.write(screen.isTTY ? `\r\u001b[2K${bar(done, of)} ${line}` : `${line}\n`);
      shown = true;
    },
    /** Makes room for whatever is printed next. */
    clear(): void {
      if (screen.isTTY && shown) screen.write('\r\u001b[2K');
      shown = false;
      next = 0;
    },
  };
}

function bar(done: number, of: number): string {
  const full = of === 0 ? 0 : Math.round((20 * done) / of);
  return '█'.repeat(full) + '░'.repeat(20 - full);
}
