import type { Remedy } from './remedies.ts';

export type Verdict = 'ok' | 'warning' | 'failure' | 'skipped';

/** What one check found. */
export interface Finding {
  readonly check: string;
  readonly verdict: Verdict;
  /** What was seen, with its figures; why, where it was skipped. */
  readonly detail: string;
  /** What to do about it, where there is something to do. */
  readonly remedy?: Remedy;
}

export const ok = (check: string, detail: string): Finding => ({ check, verdict: 'ok', detail });

export const warning = (check: string, detail: string, remedy: Remedy): Finding => ({
  check,
  verdict: 'warning',
  detail,
  remedy,
});

export const failure = (check: string, detail: string, remedy: Remedy): Finding => ({
  check,
  verdict: 'failure',
  detail,
  remedy,
});

/** @param because the end of a sentence that begins with "skipped because" */
export const skipped = (check: string, because: string): Finding => ({ check, verdict: 'skipped', detail: because });
