/** Tells open pages which runs have changed, by server-sent events. */
import type { ServerResponse } from 'node:http';
import { type Clock, systemClock } from '../../../platform/clock.ts';
import { type Exchange, sendText } from '../../../platform/http-server.ts';
import type { LiveEvent } from '../api.ts';

export interface Live {
  /** Answers one page until it goes. */
  handle(exchange: Exchange): void;
  /** Says that runs have changed. Events are sent at most every 250 ms. */
  changed(runs: readonly string[]): void;
  close(): void;
}

export interface LiveOptions {
  /** The newest change of any run. */
  readonly change: () => number;
  readonly startedMs: number;
  readonly clock?: Clock;
}

const PAUSE_MS = 250;
/** A connection without data for longer looks dead to proxies, and to the page. */
const HEARTBEAT_MS = 15_000;
const MAX_PAGES = 64;
const MAX_RUNS = 100;
/** A page that does not read so much is cut. It connects again, and asks for what it has missed. */
const MAX_UNREAD_BYTES = 256 * 1024;
/** How soon a browser connects again. */
const RETRY_MS = 1_000;

export function createLive({ change, startedMs, clock = systemClock }: LiveOptions): Live {
  const pages = new Set<ServerResponse>();
  const waiting = new Set<string>();
  let cancel: (() => void) | undefined;
  let stopHeart: (() => void) | undefined;

  const event = (runs: LiveEvent['runs']) =>
    `data: ${JSON.stringify({ startedMs, change: change(), runs } satisfies LiveEvent)}\n\n`;

  function send(text: string): void {
    for (const page of pages) {
      if (page.writableLength > MAX_UNREAD_BYTES) page.destroy();
      else page.write(text);
    }
  }

  function flush(): void {
    cancel = undefined;
    const runs = waiting.size > MAX_RUNS ? null : [...waiting];
    waiting.clear();
    send(event(runs));
  }

  function beat(): void {
    send(':\n\n');
    stopHeart = pages.size > 0 ? clock.after(HEARTBEAT_MS, beat) : undefined;
  }

  return {
    handle({ request, response, signal }) {
      if (pages.size >= MAX_PAGES) return sendText(response, 503, `${MAX_PAGES} pages are open already: close some\n`);
      response.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
      if (request.method === 'HEAD') {
        response.end();
        return;
      }
      // A page that connects again does not know what it has missed.
      response.write(`retry: ${RETRY_MS}\n${event(null)}`);
      pages.add(response);
      signal.addEventListener('abort', () => pages.delete(response), { once: true });
      stopHeart ??= clock.after(HEARTBEAT_MS, beat);
    },
    changed(runs) {
      if (pages.size === 0) return;
      // One more than is told is enough to know that there are many.
      for (const run of runs) if (waiting.size <= MAX_RUNS) waiting.add(run);
      if (waiting.size > 0) cancel ??= clock.after(PAUSE_MS, flush);
    },
    close() {
      cancel?.();
      stopHeart?.();
      for (const page of pages) page.end();
      pages.clear();
    },
  };
}
