/** The numbers of the page: scrapes of the `tta_*` endpoints that Studio is told of, kept, and asked by the page. */
import type { Clock } from '../../../platform/clock.ts';
import type { NumbersAnswer, TargetState } from '../api.ts';
import type { Database } from '../store/database.ts';

export interface TargetOptions {
  /** `http://127.0.0.1:9464`; the path of an address without one is `/metrics`. */
  readonly url: string;
  /** Sent as `Authorization: Bearer TOKEN`. @default none */
  readonly token?: string | undefined;
}

export interface NumbersOptions {
  readonly targets: readonly TargetOptions[];
  /** @default the clock of the machine */
  readonly clock?: Required<Clock>;
  /** Where samples are kept over a restart. @default they are in memory only */
  readonly database?: Database | undefined;
  /** How long samples are kept, in days. */
  readonly retentionDays: number;
  /** The time between two scrapes, in milliseconds. @default 5000 */
  readonly intervalMs?: number;
}

export interface Numbers {
  /**
   * Scrapes one more endpoint, or one that is known again at once. Resolves when this scrape has ended, also when it failed.
   *
   * @throws TypeError when it is no http: or https: address; RangeError when there are too many targets
   */
  addTarget(target: TargetOptions): Promise<TargetState>;
  targets(): readonly TargetState[];
  /** @param parameters of `GET /api/numbers` */
  answer(parameters: URLSearchParams): NumbersAnswer;
  close(): void;
}

/** @throws TypeError when a target is no http: or https: address */
export function createNumbers(_: NumbersOptions): Numbers {
  return {
    addTarget: async ({ url }) => ({ url, scrapes: 0, lastMs: null, problem: '', series: 0 }),
    targets: () => [],
    answer: () => ({ fromMs: 0, toMs: 0, stepMs: 5_000, keptFromMs: null, panels: [] }),
    close() {},
  };
}
