/** What the page asks the server. */
import { signal } from '@preact/signals';
import type { LiveEvent } from '../../api.ts';

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

/** What has changed last. It is a new object with every event. */
export const live = signal<LiveEvent>({ startedMs: 0, change: 0, runs: [] });

export function followLive(): void {
  const source = new EventSource('/api/live');
  source.addEventListener('open', () => {
    isConnected.value = true;
  });
  source.addEventListener('error', () => {
    isConnected.value = false;
  });
  source.addEventListener('message', ({ data }) => {
    live.value = JSON.parse(data) as LiveEvent;
  });
}
