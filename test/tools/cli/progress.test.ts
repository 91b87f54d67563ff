import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '../../../src/testing/index.ts';
import { createProgress } from '../../../src/tools/cli/progress.ts';

function createScreen(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, written, write: (text: string) => written.push(text) };
}

describe('progress', () => {
  it('rewrites one line of a terminal, at most every 80 ms and always at the end', async () => {
    const clock = createVirtualClock();
    const terminal = createScreen(true);
    const progress = createProgress(terminal, clock);
    progress.update(0, 4);
    progress.update(1, 4);
    await clock.advance(100);
    progress.update(2, 4);
    progress.update(3, 4);
    progress.update(4, 4);
    progress.clear();
    const clear = '\r\u001b[2K';
    expect(terminal.written).toEqual([
      `${clear}░░░░░░░░░░░░░░░░░░░░ 0 of 4 parts summarised`,
      `${clear}██████████░░░░░░░░░░ 2 of 4 parts summarised`,
      `${clear}████████████████████ 4 of 4 parts summarised`,
      clear,
    ]);
  });

  it('writes a line every two seconds when there is no terminal', async () => {
    const clock = createVirtualClock();
    const file = createScreen(false);
    const progress = createProgress(file, clock);
    for (let done = 0; done <= 10; done += 1) {
      progress.update(done, 10);
      await clock.advance(500);
    }
    progress.clear();
    expect(file.written).toEqual([
      '4 of 10 parts summarised\n',
      '8 of 10 parts summarised\n',
      '10 of 10 parts summarised\n',
    ]);
  });
});
