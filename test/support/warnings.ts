import { vi } from 'vitest';

/** Collects the texts of process warnings, and does not print them, until `vi.restoreAllMocks()`. */
export function captureWarnings(): string[] {
  const texts: string[] = [];
  vi.spyOn(process, 'emitWarning').mockImplementation((warning) => {
    texts.push(String(warning));
  });
  return texts;
}
