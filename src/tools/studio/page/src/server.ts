/** What the page asks the server. */
import { signal } from '@preact/signals';
import type { AboutAnswer, LiveEvent } from '../../api.ts';
import { after, every } from './browser.ts';

/** Whether the server answers; `false` shows as a banner. */
export const isConnected = signal(true);

/** The server's answer was not 200. */
export class AnswerError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'AnswerError';
    this.status = status;
  }
}

/** @throws AnswerError for another status than 200; TypeError when the server cannot be reached */
export async function ask<Answer>(path: string, abort?: AbortSignal): Promise<Answer> {
  const response = await fetch(path, abort === undefined ? {} : { signal: abort });
  if (!response.ok) throw new AnswerError(response.status, (await response.text()).trim());
  return (await response.json()) as Answer;
}

/** What has changed last. It is a new object with every event; after each new connection anything can have changed. */
export const live = signal<LiveEvent>({ startedMs: 0, change: 0, runs: [] });

const CONNECT_AGAIN_MS = 1_000;
/** A browser has six connections to one server, for all its tabs: one that is not looked at gives its own back. */
const HIDDEN_MS = 10_000;

export function followLive(): void {
  let source: EventSource | undefined;
  let cancel = () => {};

  function connect(): void {
    source = new EventSource('/api/live');
    source.addEventListener('message', ({ data }) => {
      if (!isConnected.peek()) void askAbout();
      isConnected.value = true;
      live.value = JSON.parse(data) as LiveEvent;
    });
    source.addEventListener('error', () => {
      isConnected.value = false;
      // The browser makes no new attempt after an answer that is not a stream.
      disconnect();
      cancel = after(CONNECT_AGAIN_MS, connect);
    });
  }
  function disconnect(): void {
    source?.close();
    source = undefined;
  }

  document.addEventListener('visibilitychange', () => {
    cancel();
    if (document.visibilityState === 'hidden') cancel = after(HIDDEN_MS, disconnect);
    else if (source === undefined) connect();
  });
  connect();
}

/** What the server listens on, keeps and cannot do; asked for again every few seconds. */
export const about = signal<AboutAnswer | undefined>(undefined);

async function askAbout(): Promise<void> {
  // Without an answer the last one stays: the banner says that the connection is lost.
  about.value = await ask<AboutAnswer>('/api/about').catch(() => about.peek());
}

export function followAbout(): void {
  void askAbout();
  every(3_000, () => {
    if (isConnected.peek() && document.visibilityState === 'visible') void askAbout();
  });
}
