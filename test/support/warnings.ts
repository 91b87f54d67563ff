import { vi } from 'vitest';

/** Collects the texts of process warnings and keeps them off the terminal, until `vi.restoreAllMocks()`. */
export function captureWarnings(): string[] {
  const texts: string[] = [];
  vi.spyOn(process, 'emitWarning').mockImplementation((warning) => {
    texts.push(String(warning));
  });
  return texts;
}
