/** The numbers of the page: the `tta_*` endpoints that Studio is told of are scraped every five seconds. */
import { inBackground } from '../../../platform/background.ts';
import { type Clock, dateOf, systemClock } from '../../../platform/clock.ts';
import type { NumbersAnswer, TargetState } from '../api.ts';
import { RAW_MS } from './frames.ts';
import { createSamples, type SamplesOptions } from './samples.ts';
import { createTargets, type TargetOptions } from './targets.ts';

export type { TargetOptions } from './targets.ts';

export interface NumbersOptions extends SamplesOptions {
  readonly targets: readonly TargetOptions[];
  /** @default the clock of the machine */
  readonly clock?: Clock;
}

export interface Numbers {
  /**
   * Scrapes one more endpoint from now on, or one that is known again at once. Resolves when this scrape has ended, also
   * when it failed.
   *
   * @throws RangeError when it is no http: or https: address, or there are too many endpoints
   */
  addTarget(target: TargetOptions): Promise<TargetState>;
  targets(): readonly TargetState[];
  /** What the reader should know; empty when all is well. */
  notes(): readonly string[];
  /**
   * @param parameters of `GET /api/numbers`
   * @throws QueryError when a parameter is not understood
   */
  answer(parameters: URLSearchParams): NumbersAnswer;
  close(): void;
}

const TIDY_MS = 60_000;

/**
 * Scrapes until it is closed, and does not keep the process alive.
 *
 * @throws RangeError when a target is no http: or https: address, or there are too many
 */
export function createNumbers({ targets, clock = systemClock, ...options }: NumbersOptions): Numbers {
  const samples = createSamples(options);
  let isClosed = false;
  const scraped = createTargets(clock, {
    onScrape: (url, exposition, atMs) => (isClosed ? undefined : samples.take(url, exposition, atMs)),
    onLost: samples.lose,
  });

  /** All endpoints are read at the end of each frame, so that each frame has one reading of each. */
  function scrapeAt(atMs: number): () => void {
    return inBackground(Math.max(0, atMs - dateOf(clock)), () => {
      // After a pause of the machine the next time is in the future again.
      cancel = scrapeAt(nextEnd(dateOf(clock)));
      void scraped.scrapeAll(atMs);
      if (atMs % TIDY_MS === 0) samples.tidy(atMs);
    });
  }

  for (const target of targets) scraped.give(target);
  let cancel = scrapeAt(nextEnd(dateOf(clock)));
  void scraped.scrapeAll(dateOf(clock));

  return {
    addTarget: scraped.add,
    targets: scraped.states,
    notes: samples.notes,
    answer: (parameters) => ({ ...samples.answer(parameters, dateOf(clock)), targets: scraped.states() }),
    close() {
      isClosed = true;
      cancel();
    },
  };
}

const nextEnd = (nowMs: number) => Math.floor(nowMs / RAW_MS + 1) * RAW_MS;
