import { foreignText } from '../../platform/foreign-text.ts';
import type { Remedy } from './remedies.ts';

export type Verdict = 'ok' | 'warning' | 'failure' | 'skipped';

/** The result of one check. */
export interface Finding {
  readonly check: string;
  readonly verdict: Verdict;
  /** What was found, with numbers. Of a skipped check, the reason. It is safe to show, whatever a server has sent. */
  readonly detail: string;
  /** What to do. A warning and a failure have one. */
  readonly remedy?: Remedy;
}

export const ok = (check: string, detail: string): Finding => ({
  check,
  verdict: 'ok',
  detail: foreignText(detail),
});

export const warning = (check: string, detail: string, remedy: Remedy): Finding => ({
  check,
  verdict: 'warning',
  detail: foreignText(detail),
  remedy,
});

export const failure = (check: string, detail: string, remedy: Remedy): Finding => ({
  check,
  verdict: 'failure',
  detail: foreignText(detail),
  remedy,
});

/** @param reason follows the words "skipped because" */
export const skipped = (check: string, reason: string): Finding => ({
  check,
  verdict: 'skipped',
  detail: foreignText(reason),
});
