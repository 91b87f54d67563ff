/** What surrounds the process under load, in a process of its own: its work is not to show in the figures. */
import { fork } from 'node:child_process';
import type { ScrapeReport } from './scraper.ts';

export interface CompanionWishes {
  /** The share of model calls that go wrong, 0 to 1. */
  readonly faultShare: number;
  /** Whether it takes the spans too. */
  readonly traces: boolean;
}

export type Order = { readonly scrape: string } | 'report';

export interface CompanionReport {
  readonly modelRequests: number;
  /** Spans received; `undefined` where they go elsewhere. */
  readonly spans: number | undefined;
  readonly scrapes: ScrapeReport | undefined;
}

export type Answer =
  | { readonly ready: { readonly modelURL: string; readonly traceURL: string | undefined } }
  | { readonly report: CompanionReport }
  | { readonly failed: string };

export interface Companion {
  readonly modelURL: string;
  readonly traceURL: string | undefined;
  /** Begins to scrape that endpoint, once a second. */
  scrape(url: string): void;
  /** Ends the scraping and tells everything. */
  report(): Promise<CompanionReport>;
  close(): void;
}

/** @throws Error when it cannot start, or ends before it was told to */
export async function startCompanion(wishes: CompanionWishes): Promise<Companion> {
  const child = fork(new URL('./companion-process.js', import.meta.url), [JSON.stringify(wishes)], {
    execArgv: [],
    // A Ctrl-C goes to all processes of a terminal: it stays until the last span has arrived.
    detached: true,
  });
  let closing = false;
  const waiting = new Set<(error: Error) => void>();
  const over = (error: Error) => {
    for (const reject of waiting) reject(error);
  };
  child.once('error', over);
  child.once('exit', (code, signal) => {
    if (!closing) over(new Error(`the process with the models and the scraper ended early: ${signal ?? code}`));
  });

  function answer<T>(pick: (message: Answer) => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        waiting.delete(fail);
        child.removeListener('message', look);
      };
      const fail = (error: Error) => {
        settle();
        reject(error);
      };
      const look = (message: Answer) => {
        if ('failed' in message) return fail(new Error(message.failed));
        const found = pick(message);
        if (found === undefined) return;
        settle();
        resolve(found);
      };
      waiting.add(fail);
      child.on('message', look);
    });
  }

  const order = (message: Order) => void child.send(message);
  const ready = await answer((message) => ('ready' in message ? message.ready : undefined));
  return {
    ...ready,
    scrape: (url) => order({ scrape: url }),
    report() {
      const report = answer((message) => ('report' in message ? message.report : undefined));
      order('report');
      return report;
    },
    close() {
      closing = true;
      child.disconnect();
    },
  };
}
