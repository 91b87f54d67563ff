/** What a Prometheus would live through: one scrape after the other, each with its deadline. */
import type { Clock } from '../../platform/clock.ts';
import { createLatencies, type LatencySummary } from './latencies.ts';

export interface ScraperOptions {
  readonly url: string;
  readonly everyMs: number;
  /** A scrape that takes longer is given up, as Prometheus does after `scrape_timeout`. */
  readonly deadlineMs: number;
  readonly clock: Clock;
}

export interface ScrapeReport extends LatencySummary {
  /** Scrapes that were not answered in time, or not with 200. */
  readonly failed: number;
  readonly lastFailure: string | undefined;
  /** Of the largest answer. */
  readonly bytes: number;
}

export interface Scraper {
  /** Ends after the scrape under way. */
  stop(): Promise<ScrapeReport>;
}

export async function startScraper({ url, everyMs, deadlineMs, clock }: ScraperOptions): Promise<Scraper> {
  const latencies = await createLatencies();
  const pause = new AbortController();
  let failed = 0;
  let bytes = 0;
  let lastFailure: string | undefined;

  async function once(): Promise<void> {
    const startedAt = clock.now();
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(deadlineMs) });
      const body = await response.text();
      if (response.status !== 200) throw new Error(`status ${response.status}`);
      latencies.record(clock.now() - startedAt);
      bytes = Math.max(bytes, Buffer.byteLength(body));
    } catch (error) {
      failed += 1;
      lastFailure = error instanceof Error ? error.message : String(error);
    }
  }

  async function keepOn(): Promise<void> {
    while (!pause.signal.aborted) {
      const startedAt = clock.now();
      await once();
      await clock.sleep(Math.max(0, startedAt + everyMs - clock.now()), pause.signal).catch(() => {});
    }
  }

  const ended = keepOn();
  return {
    async stop() {
      pause.abort();
      await ended;
      return { ...latencies.summary(), failed, lastFailure, bytes };
    },
  };
}
