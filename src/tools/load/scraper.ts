/** Scrapes an endpoint as Prometheus does: one scrape after the other, each with a timeout. */
import { bearer } from '../../platform/bearer.ts';
import type { Clock } from '../../platform/clock.ts';
import { foreignMessage } from '../../platform/foreign-text.ts';
import { createLatencyHistogram, type LatencySummary } from './latency-histogram.ts';

export interface ScraperOptions {
  readonly url: string;
  /** The bearer token of the endpoint. @default none */
  readonly token?: string | undefined;
  /** Milliseconds from the start of one scrape to the start of the next. */
  readonly intervalMs: number;
  /** A scrape that takes longer has failed, as with `scrape_timeout` of Prometheus. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

export interface ScrapeReport extends LatencySummary {
  /** Scrapes without an answer in time, or with another status than 200. */
  readonly failed: number;
  readonly lastFailure: string | undefined;
  /** The size of the largest answer. */
  readonly bytes: number;
}

export interface Scraper {
  /** Waits for the current scrape and returns the report. */
  stop(): Promise<ScrapeReport>;
}

export async function startScraper({ url, token, intervalMs, timeoutMs, clock }: ScraperOptions): Promise<Scraper> {
  const latencies = await createLatencyHistogram();
  const headers: Record<string, string> = token === undefined ? {} : { authorization: bearer(token) };
  const stopping = new AbortController();
  let failed = 0;
  let bytes = 0;
  let lastFailure: string | undefined;

  async function scrape(): Promise<void> {
    const startedAt = clock.now();
    try {
      const response = await fetch(url, { headers, signal: AbortSignal.timeout(timeoutMs) });
      const body = await response.text();
      if (response.status !== 200) throw new Error(`status ${response.status}`);
      latencies.record(clock.now() - startedAt);
      bytes = Math.max(bytes, Buffer.byteLength(body));
    } catch (error) {
      failed += 1;
      lastFailure = foreignMessage(error);
    }
  }

  async function scrapeUntilStopped(): Promise<void> {
    while (!stopping.signal.aborted) {
      const startedAt = clock.now();
      await scrape();
      await clock.sleep(Math.max(0, startedAt + intervalMs - clock.now()), stopping.signal).catch(() => {});
    }
  }

  const ended = scrapeUntilStopped();
  return {
    async stop() {
      stopping.abort();
      await ended;
      return { ...latencies.summary(), failed, lastFailure, bytes };
    },
  };
}
