/** The run that is open: what has arrived of it so far, and what arrives while it is looked at. */
import { effect, type ReadonlySignal, signal } from '@preact/signals';
import type { RunAnswer } from '../../../api.ts';
import type { RunSummary } from '../../../model/run.ts';
import type { StudioSpan } from '../../../model/span.ts';
import { AnswerError, ask, isConnected, live } from '../server.ts';

export interface OpenRun {
  readonly traceId: string;
  /** `undefined` until it is read. */
  readonly run: ReadonlySignal<RunSummary | undefined>;
  /** In the order of their arrival; a new array when spans have arrived. */
  readonly spans: ReadonlySignal<readonly StudioSpan[]>;
  /** `missing`: Studio does not keep the run (any more). */
  readonly problem: ReadonlySignal<'' | 'missing' | 'unreadable'>;
  close(): void;
}

export function openRun(traceId: string): OpenRun {
  const run = signal<RunSummary | undefined>(undefined);
  const spans = signal<readonly StudioSpan[]>([]);
  const problem = signal<'' | 'missing' | 'unreadable'>('');
  const abort = new AbortController();
  let last = 0;
  let isAsking = false;
  let isStale = false;

  const askOnce = async () => {
    const after = last;
    try {
      const answer = await ask<RunAnswer>(`/api/runs/${encodeURIComponent(traceId)}?after=${after}`, abort.signal);
      last = answer.last;
      isStale ||= answer.more;
      run.value = answer.run;
      problem.value = '';
      if (after === 0) spans.value = answer.spans;
      else if (answer.spans.length > 0) spans.value = [...spans.peek(), ...answer.spans];
    } catch (error) {
      // When the server is away, the page says so by itself.
      if (error instanceof AnswerError) problem.value = error.status === 404 ? 'missing' : 'unreadable';
    }
  };
  const refresh = async () => {
    isStale = true;
    if (isAsking) return;
    isAsking = true;
    while (isStale && !abort.signal.aborted) {
      isStale = false;
      await askOnce();
    }
    isAsking = false;
  };

  let wasConnected = false;
  let startedMs = 0;
  const stopFollowing = effect(() => {
    const { runs, startedMs: newest } = live.value;
    // Also after the connection was lost: changes of that time were not received.
    const isBack = isConnected.value && !wasConnected;
    wasConnected = isConnected.value;
    // Another server, which may have numbered the spans anew.
    if (newest !== startedMs) last = 0;
    startedMs = newest;
    if (isBack || runs === null || runs.includes(traceId) || run.peek() === undefined) void refresh();
  });
  return {
    traceId,
    run,
    spans,
    problem,
    close() {
      stopFollowing();
      abort.abort();
    },
  };
}
