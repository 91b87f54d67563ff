import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  failureRead,
  IDLE,
  itemSettled,
  itemTaken,
  type MapStreamAction,
  type MapStreamState,
  type MapStreamStep,
  owesItem,
  readerLeft,
  resultAsked,
  resultRead,
  sourceExhausted,
  sourceFailed,
  streamFailed,
} from '../../src/flow/map-stream-state.ts';

const CONCURRENCY = 3;
const failure = { error: new Error('broken') };
const earlier = { error: new Error('broken before') };

/** What can happen. `failed` leaves one result to be read, `cancelled` none. */
const EVENTS = {
  asked: resultAsked,
  item: (state) => ({ state: itemTaken(state) ?? state, todo: [] }),
  exhausted: sourceExhausted,
  settled: (state) => itemSettled(state, false),
  settledFailed: (state) => itemSettled(state, true),
  read: (state) => resultRead(CONCURRENCY, state),
  failed: (state) => streamFailed(state, failure, 1),
  cancelled: (state) => streamFailed(state, failure, 0),
  sourceFailed: (state) => sourceFailed(state, failure, 0),
  left: readerLeft,
  told: (state) => ({ state: failureRead(state), todo: [] }),
} satisfies Record<string, (state: MapStreamState) => MapStreamStep>;
type Event = keyof typeof EVENTS;

const counts = { items: 7, failedItems: 2 };
const idle: MapStreamState = IDLE;
const working = (phase: 'running' | 'draining') => (inFlight: number, unread: number) =>
  ({ phase, ...counts, inFlight, unread }) satisfies MapStreamState;
const running = working('running');
const draining = working('draining');
const failed = (inFlight: number, unread: number, why = earlier): MapStreamState => {
  return { phase: 'failed', ...counts, inFlight, unread, failure: why };
};
const left = (inFlight: number): MapStreamState => ({ phase: 'left', ...counts, inFlight, unread: 0 });
const over = (why?: { error: unknown }): MapStreamState => {
  return { phase: 'over', ...counts, inFlight: 0, unread: 0, failure: why };
};
const none = { items: 0, failedItems: 0 };

const STOP: MapStreamAction[] = ['drop', 'record', 'abort'];
const STOP_AND_CLOSE: MapStreamAction[] = ['drop', 'close', 'record', 'abort'];

/** State, event, next state, what is to be done. What does not stand here changes nothing. */
const TABLE: readonly (readonly [MapStreamState, Event, MapStreamState, MapStreamAction[]])[] = [
  [idle, 'asked', { ...running(0, 0), ...none }, ['pull']],
  [idle, 'failed', { ...failed(0, 1, failure), ...none }, STOP_AND_CLOSE],
  [idle, 'cancelled', { ...over(failure), ...none }, [...STOP_AND_CLOSE, 'end']],
  [idle, 'left', { ...over(), ...none }, [...STOP_AND_CLOSE, 'end']],

  [running(1, 1), 'item', { ...running(2, 1), items: 8 }, []],
  [running(1, 1), 'exhausted', draining(1, 1), []],
  [running(0, 0), 'exhausted', over(), ['record', 'end']],
  [running(1, 1), 'settled', running(0, 2), []],
  [running(1, 1), 'settledFailed', { ...running(0, 2), failedItems: 3 }, []],
  [running(1, 1), 'read', running(1, 0), []],
  [running(1, 2), 'read', running(1, 1), ['pull']],
  [running(2, 1), 'failed', failed(2, 1, failure), STOP_AND_CLOSE],
  [running(1, 1), 'cancelled', failed(1, 0, failure), STOP_AND_CLOSE],
  [running(0, 1), 'cancelled', over(failure), [...STOP_AND_CLOSE, 'end']],
  [running(1, 1), 'sourceFailed', failed(1, 0, failure), STOP],
  [running(0, 0), 'sourceFailed', over(failure), [...STOP, 'end']],
  [running(1, 1), 'left', left(1), STOP_AND_CLOSE],
  [running(0, 2), 'left', over(), [...STOP_AND_CLOSE, 'end']],

  [draining(1, 1), 'settled', draining(0, 2), []],
  [draining(1, 1), 'settledFailed', { ...draining(0, 2), failedItems: 3 }, []],
  [draining(1, 1), 'read', draining(1, 0), []],
  [draining(0, 1), 'read', over(), ['record', 'end']],
  [draining(2, 1), 'failed', failed(2, 1, failure), STOP],
  [draining(1, 1), 'cancelled', failed(1, 0, failure), STOP],
  [draining(0, 1), 'cancelled', over(failure), [...STOP, 'end']],
  [draining(1, 1), 'left', left(1), STOP],
  [draining(0, 2), 'left', over(), [...STOP, 'end']],

  [failed(2, 0), 'settled', failed(1, 0), []],
  [failed(2, 0), 'settledFailed', failed(1, 0), []],
  [failed(1, 1), 'settled', failed(0, 1), []],
  [failed(1, 0), 'settled', over(earlier), ['end']],
  [failed(1, 0), 'settledFailed', over(earlier), ['end']],
  [failed(1, 1), 'read', failed(1, 0), []],
  [failed(0, 1), 'read', over(earlier), ['end']],
  [failed(1, 1), 'left', left(1), ['drop']],
  [failed(0, 1), 'left', over(), ['drop', 'end']],

  [left(2), 'settled', left(1), []],
  [left(2), 'settledFailed', left(1), []],
  [left(1), 'settled', over(), ['end']],
  [left(1), 'settledFailed', over(), ['end']],

  [over(earlier), 'left', over(), []],
  [over(earlier), 'told', over(), []],
];

const show = ({ phase, inFlight, unread, ...rest }: MapStreamState) => {
  const unsaid = 'failure' in rest && rest.failure !== undefined ? ' with a failure' : '';
  return `${phase}${unsaid}, ${inFlight} in flight, ${unread} unread`;
};

describe('the state of a stream of results', () => {
  it.each(
    TABLE.map(([before, event, after, todo]) => [show(before), event, show(after), before, after, todo] as const),
  )('%s: %s makes it %s', (_, event, __, before, after, todo) => {
    expect(EVENTS[event](before)).toEqual({ state: after, todo });
  });

  it('stays as it is after anything else, and nothing is to be done', () => {
    const states = [idle, running(1, 1), running(1, 2), draining(1, 1), failed(1, 1), left(1), over(earlier), over()];
    const inTable = new Set(TABLE.map(([before, event]) => `${before.phase} ${event}`));
    let pairs = 0;
    for (const state of states) {
      for (const event of Object.keys(EVENTS) as Event[]) {
        if (inTable.has(`${state.phase} ${event}`)) continue;
        pairs += 1;
        expect(EVENTS[event](state), `${show(state)}: ${event}`).toEqual({ state, todo: [] });
      }
    }
    expect(pairs).toBeGreaterThan(30);
  });

  it('waits for an item of the source while it runs and a slot is free, and at no other time', () => {
    for (const [inFlight, unread] of [
      [0, 0],
      [2, 0],
      [1, 1],
      [0, 2],
    ] as const) {
      expect(owesItem(CONCURRENCY, running(inFlight, unread))).toBe(true);
      expect(owesItem(CONCURRENCY, draining(inFlight, unread))).toBe(false);
    }
    for (const full of [running(3, 0), running(1, 2), running(0, 3)]) expect(owesItem(CONCURRENCY, full)).toBe(false);
    for (const other of [idle, failed(0, 0), left(0), over()]) expect(owesItem(CONCURRENCY, other)).toBe(false);
  });
});

describe('whatever happens to a stream of results', () => {
  const anyEvent = fc.constantFrom(...(Object.keys(EVENTS) as Event[]), 'asked', 'item', 'item', 'settled', 'read');

  it('no slot is used twice, everything is done once, and after the end nothing is', () => {
    const reached = new Set<string>();
    const property = fc.property(fc.array(fc.tuple(anyEvent, fc.nat()), { maxLength: 60, size: 'max' }), (events) => {
      let state: MapStreamState = IDLE;
      let pulling = false;
      const done = new Map<MapStreamAction, number>();
      for (const [event, dice] of events) {
        // An item comes from a source that was asked, an end from work that began, a read from a result that is there.
        if (['item', 'exhausted', 'sourceFailed'].includes(event) && !pulling) continue;
        if (['settled', 'settledFailed'].includes(event) && state.inFlight === 0) continue;
        if (event === 'failed' && state.inFlight === 0) continue;
        if (event === 'read' && state.unread === 0) continue;
        const before: MapStreamState = state;
        const ready = dice % (before.unread + 1);
        const step: MapStreamStep = event === 'failed' ? streamFailed(before, failure, ready) : EVENTS[event](before);
        state = step.state;
        reached.add(state.phase);
        for (const action of step.todo) done.set(action, (done.get(action) ?? 0) + 1);
        if (['item', 'exhausted', 'sourceFailed'].includes(event)) pulling = event === 'item' && owesItem(3, state);
        if (step.todo.includes('pull')) {
          expect(pulling).toBe(false);
          pulling = true;
        }
        if (state.phase === 'running') expect(pulling).toBe(owesItem(CONCURRENCY, state));
        expect(state.inFlight).toBeGreaterThanOrEqual(0);
        expect(state.unread).toBeGreaterThanOrEqual(0);
        expect(state.inFlight + state.unread).toBeLessThanOrEqual(CONCURRENCY);
        if (before.phase === 'over') expect(step.todo).toEqual([]);
        if (state.items > before.items) expect(before.phase).toBe('running');
        const stopped = state.phase === 'failed' || state.phase === 'left' || state.phase === 'over';
        expect(done.get('record') ?? 0).toBe(stopped ? 1 : 0);
        expect(done.get('end') ?? 0).toBe(state.phase === 'over' ? 1 : 0);
        for (const action of ['close', 'abort'] as const) expect(done.get(action) ?? 0).toBeLessThanOrEqual(1);
      }
    });
    fc.assert(property, { numRuns: 2_000 });
    expect([...reached].sort()).toEqual(['draining', 'failed', 'idle', 'left', 'over', 'running']);
  });
});
