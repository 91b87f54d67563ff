/**
 * The servers that the process under load needs: models, a trace receiver and a scraper. They run in a process of their
 * own, so that their work is not measured.
 */
import { fork } from 'node:child_process';
import type { ScrapeReport } from './scraper.ts';

export interface LoadServersOptions {
  /** The share of model calls that fail, from 0 to 1. */
  readonly faultShare: number;
  /** Whether to start a trace receiver. */
  readonly traces: boolean;
}

/** The commands for the process. */
export type LoadServersCommand = { readonly scrape: string; readonly token: string | undefined } | 'report';

export interface LoadServersReport {
  /** The number of requests that the models received. */
  readonly modelRequests: number;
  /** The number of spans that the trace receiver received; `undefined` without one. */
  readonly spans: number | undefined;
  /** `undefined` when nothing was scraped. */
  readonly scrapes: ScrapeReport | undefined;
}

/** The messages of the process. */
export type LoadServersMessage =
  | { readonly ready: { readonly modelURL: string; readonly traceURL: string | undefined } }
  | { readonly report: LoadServersReport }
  | { readonly failed: string };

export interface LoadServers {
  readonly modelURL: string;
  /** The endpoint of the trace receiver; `undefined` without one. */
  readonly traceURL: string | undefined;
  /** Starts to scrape an endpoint once per second, with its token if it has one. */
  scrape(url: string, token: string | undefined): void;
  /** Stops the scraper and returns the counts. */
  report(): Promise<LoadServersReport>;
  close(): void;
}

/** @throws Error when the process cannot start, or ends before `close` */
export async function startLoadServers(options: LoadServersOptions): Promise<LoadServers> {
  const child = fork(new URL('./load-servers-process.js', import.meta.url), [JSON.stringify(options)], {
    execArgv: [],
    // Ctrl-C stops all processes of the terminal. This process must live until it has received the last span.
    detached: true,
  });
  let closing = false;
  const pendingRejects = new Set<(error: Error) => void>();
  const rejectAll = (error: Error) => {
    for (const reject of pendingRejects) reject(error);
  };
  child.once('error', rejectAll);
  child.once('exit', (code, signal) => {
    if (!closing) rejectAll(new Error(`the process with the models and the scraper ended early: ${signal ?? code}`));
  });

  /** Waits for the first message of which `select` returns a value. */
  function receive<T>(select: (message: LoadServersMessage) => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const stopWaiting = () => {
        pendingRejects.delete(fail);
        child.removeListener('message', onMessage);
      };
      const fail = (error: Error) => {
        stopWaiting();
        reject(error);
      };
      const onMessage = (message: LoadServersMessage) => {
        if ('failed' in message) return fail(new Error(message.failed));
        const value = select(message);
        if (value === undefined) return;
        stopWaiting();
        resolve(value);
      };
      pendingRejects.add(fail);
      child.on('message', onMessage);
    });
  }

  const send = (command: LoadServersCommand) => void child.send(command);
  const ready = await receive((message) => ('ready' in message ? message.ready : undefined));
  return {
    ...ready,
    scrape: (url, token) => send({ scrape: url, token }),
    report() {
      const report = receive((message) => ('report' in message ? message.report : undefined));
      send('report');
      return report;
    },
    close() {
      closing = true;
      child.disconnect();
    },
  };
}
