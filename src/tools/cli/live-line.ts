import { type Clock, systemClock } from '../../platform/clock.ts';

/** The output of the progress: `process.stderr`, or an object of a test. */
export interface Screen {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

const TERMINAL_INTERVAL_MS = 80;
const FILE_INTERVAL_MS = 2_000;
const CLEAR_LINE = '\r\u001b[2K';

/** Shows one line that changes: rewritten on a terminal; in a file a new line every two seconds and one at the end. */
export function createLiveLine(screen: Screen, clock: Clock = systemClock) {
  const intervalMs = screen.isTTY ? TERMINAL_INTERVAL_MS : FILE_INTERVAL_MS;
  let nextAt = screen.isTTY ? 0 : clock.now() + intervalMs;
  return {
    /**
     * @param last whether to write the line in any case
     * @param bar is written before the line, on a terminal only
     */
    show(line: string, { last = false, bar = '' } = {}): void {
      const now = clock.now();
      if (now < nextAt && !last) return;
      nextAt = now + intervalMs;
      screen.write(screen.isTTY ? `${CLEAR_LINE}${bar}${line}` : `${line}\n`);
    },
    /** Removes the line, so that other text can be printed. */
    clear(): void {
      if (screen.isTTY) screen.write(CLEAR_LINE);
      nextAt = screen.isTTY ? 0 : clock.now() + intervalMs;
    },
  };
}

/** A bar of 20 characters, of which `share` are filled. @param share from 0 to 1 */
export function bar(share: number): string {
  const full = Math.round(20 * Math.min(1, share));
  return '█'.repeat(full) + '░'.repeat(20 - full);
}
