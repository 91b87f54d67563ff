import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cancelled,
  chunkGiven,
  consumerLeaving,
  consumerLeft,
  failureOf,
  hasEnded,
  OPEN,
  pulled,
  type StreamAction,
  type StreamState,
  type StreamStep,
  sourceDone,
  sourceFailed,
} from '../../src/telemetry/stream-state.ts';

const failure = { error: new Error('broken') };
const earlier = { error: new Error('broken before') };

/** What can happen, but for a pull. */
const EVENTS = {
  chunk: chunkGiven,
  done: sourceDone,
  failed: (state) => sourceFailed(state, failure),
  leaving: (state) => ({ state: consumerLeaving(state), todo: [] }),
  left: consumerLeft,
  cancelled: (state) => cancelled(state, failure),
} satisfies Record<string, (state: StreamState) => StreamStep>;
type Event = keyof typeof EVENTS;

const open = (chunks: number, pending: number): StreamState => ({ phase: 'open', chunks, pending });
const leaving = (chunks: number, pending: number): StreamState => ({ phase: 'leaving', chunks, pending });
const done: StreamState = { phase: 'done', chunks: 3 };
const left: StreamState = { phase: 'left', chunks: 3 };
const failed = (why = earlier): StreamState => ({ phase: 'failed', chunks: 3, failure: why });
const stopped = (rejected: boolean, why = earlier): StreamState => ({
  phase: 'cancelled',
  chunks: 3,
  failure: why,
  rejected,
});

/** State, event, next state, what is to be done. What does not stand here changes nothing. */
const TABLE: readonly (readonly [StreamState, Event, StreamState, StreamAction[]])[] = [
  [open(0, 1), 'chunk', open(1, 0), ['first_chunk']],
  [open(3, 2), 'chunk', open(4, 1), []],
  [open(3, 1), 'done', done, ['end']],
  [open(3, 1), 'failed', failed(failure), ['end']],
  [open(3, 1), 'leaving', leaving(3, 1), []],
  [open(3, 0), 'left', left, ['end']],
  [open(3, 0), 'cancelled', stopped(false, failure), ['end', 'close']],
  [open(3, 2), 'cancelled', stopped(true, failure), ['end', 'reject_pending', 'close']],

  [leaving(0, 1), 'chunk', leaving(1, 0), ['first_chunk']],
  [leaving(3, 2), 'chunk', leaving(4, 1), []],
  [leaving(3, 1), 'done', leaving(3, 0), []],
  [leaving(3, 1), 'failed', failed(failure), ['end']],
  [leaving(3, 0), 'left', left, ['end']],
  [leaving(3, 0), 'cancelled', stopped(false, failure), ['end', 'close']],
  [leaving(3, 1), 'cancelled', stopped(true, failure), ['end', 'reject_pending', 'close']],
];

/** State, next state, what answers the pull. */
const PULLS: readonly (readonly [StreamState, StreamState, 'source' | 'failure' | 'end'])[] = [
  [open(3, 0), open(3, 1), 'source'],
  [open(3, 1), open(3, 2), 'source'],
  [leaving(3, 0), leaving(3, 1), 'source'],
  [done, done, 'end'],
  [left, left, 'end'],
  [failed(), failed(), 'end'],
  [stopped(false), stopped(true), 'failure'],
  [stopped(true), stopped(true), 'end'],
];

const show = (state: StreamState) => {
  if (state.phase === 'cancelled') return `cancelled, ${state.rejected ? 'told' : 'not told yet'}`;
  return 'pending' in state ? `${state.phase}, ${state.chunks} chunks, ${state.pending} pending` : state.phase;
};

describe('the state of a stream', () => {
  it.each(
    TABLE.map(([before, event, after, todo]) => [show(before), event, show(after), before, after, todo] as const),
  )('%s: %s makes it %s', (_, event, __, before, after, todo) => {
    expect(EVENTS[event](before)).toEqual({ state: after, todo });
  });

  it.each(PULLS.map(([before, after, answer]) => [show(before), answer, before, after] as const))(
    '%s: a pull is answered by the %s',
    (_, answer, before, after) => {
      expect(pulled(before)).toEqual({ state: after, answer });
    },
  );

  it('stays as it is after anything else, and nothing is to be done', () => {
    const inTable = new Set(TABLE.map(([before, event]) => `${before.phase} ${event}`));
    let pairs = 0;
    for (const state of [open(3, 1), leaving(3, 1), done, left, failed(), stopped(false), stopped(true)]) {
      for (const event of Object.keys(EVENTS) as Event[]) {
        if (inTable.has(`${state.phase} ${event}`)) continue;
        pairs += 1;
        expect(EVENTS[event](state), `${show(state)}: ${event}`).toEqual({ state, todo: [] });
      }
    }
    expect(pairs).toBe(5 * 6 + 1);
  });

  it('has ended in every phase but open and leaving, and has failed only where it failed or was cancelled', () => {
    expect([open(0, 0), leaving(0, 1)].map(hasEnded)).toEqual([false, false]);
    expect([done, left, failed(), stopped(false), stopped(true)].map(hasEnded)).toEqual([true, true, true, true, true]);
    expect([open(0, 0), leaving(0, 0), done, left].map(failureOf)).toEqual(Array.from({ length: 4 }));
    expect([failed(), stopped(false), stopped(true)].map(failureOf)).toEqual([earlier, earlier, earlier]);
  });
});

describe('whatever happens to a stream', () => {
  const anyEvent = fc.constantFrom(...(Object.keys(EVENTS) as Event[]), 'pull', 'pull', 'pull', 'chunk', 'chunk');

  it('it ends once, and a cancellation is told to all pulls that wait, or else to one that comes later', () => {
    const reached = new Set<string>();
    const property = fc.property(fc.array(anyEvent, { maxLength: 40, size: 'max' }), (events) => {
      let state: StreamState = OPEN;
      let waiting = 0;
      let told = 0;
      const did: StreamAction[] = [];
      for (const event of events) {
        const before: StreamState = state;
        if (event === 'pull') {
          const { state: next, answer } = pulled(before);
          state = next;
          if (answer === 'source') waiting += 1;
          if (answer === 'failure') told += 1;
          expect(answer === 'source').toBe(!hasEnded(before));
          continue;
        }
        if ((event === 'chunk' || event === 'done' || event === 'failed') && waiting === 0) continue;
        const { state: next, todo } = EVENTS[event](before);
        state = next;
        did.push(...todo);
        reached.add(state.phase);
        if (event === 'chunk' || event === 'done' || event === 'failed') waiting -= 1;
        if (todo.includes('reject_pending')) {
          told += waiting;
          waiting = 0;
        }
        if (hasEnded(before)) expect(todo).toEqual([]);
        if ('pending' in state) expect(state.pending).toBe(waiting);
        expect(state.chunks - before.chunks).toBe(event === 'chunk' && !hasEnded(before) ? 1 : 0);
      }
      const once = (action: StreamAction) => did.filter((each) => each === action).length;
      expect(once('end')).toBe(hasEnded(state) ? 1 : 0);
      expect(once('close')).toBe(state.phase === 'cancelled' ? 1 : 0);
      expect(once('first_chunk')).toBe(state.chunks > 0 ? 1 : 0);
      if (state.phase === 'cancelled') expect(told > 0).toBe(state.rejected);
      else expect(told).toBe(0);
    });
    fc.assert(property, { numRuns: 1_000 });
    expect([...reached].sort()).toEqual(['cancelled', 'done', 'failed', 'leaving', 'left', 'open']);
  });
});
