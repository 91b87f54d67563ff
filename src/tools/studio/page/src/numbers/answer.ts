/** The numbers of the time that is shown, asked for again every five seconds. */
import { effect, signal } from '@preact/signals';
import type { NumbersAnswer } from '../../../api.ts';
import { every } from '../browser.ts';
import { AnswerError, ask } from '../server.ts';
import { requestOf, shown } from './window.ts';

export const answer = signal<NumbersAnswer | undefined>(undefined);
/** Why there is no answer. */
export const refusal = signal('');

const AGAIN_MS = 5_000;
const POINTS = 240;

/** Asks while the numbers are shown. Returns a function that ends it. */
export function followNumbers(): () => void {
  let abort = new AbortController();

  async function load(): Promise<void> {
    abort.abort();
    abort = new AbortController();
    try {
      answer.value = await ask<NumbersAnswer>(`/api/numbers?${requestOf(shown.peek(), POINTS)}`, abort.signal);
      refusal.value = '';
    } catch (error) {
      // Without a connection the last numbers stay, and the banner says so.
      if (error instanceof AnswerError) refusal.value = error.message;
    }
  }

  const end = effect(() => {
    void shown.value;
    void load();
  });
  const cancel = every(AGAIN_MS, () => {
    if (document.visibilityState === 'visible') void load();
  });
  return () => {
    end();
    cancel();
    abort.abort();
  };
}

/** The page with the runs that ended in a time: they can have started before it. */
export function runsPath(filter: string, fromMs: number, toMs: number): string {
  const before = answer.value?.runsBeforeMs ?? 0;
  const parameters = new URLSearchParams(filter);
  parameters.set('from', String(Math.max(0, Math.floor(fromMs - before))));
  parameters.set('to', String(Math.ceil(toMs)));
  return `/?${parameters}`;
}
