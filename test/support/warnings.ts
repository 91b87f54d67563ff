import { vi } from 'vitest';

/** The texts of process warnings from now on, none of them on the terminal. Ends with `vi.restoreAllMocks()`. */
export function captureWarnings(): string[] {
  const texts: string[] = [];
  vi.spyOn(process, 'emitWarning').mockImplementation((warning) => {
    texts.push(String(warning));
  });
  return texts;
}
