/**
 * The state of a stream of results as a value, and its transitions. A transition gives the next state and the actions to
 * do. No promises, no timers, no telemetry.
 *
 * An item occupies one of `concurrency` slots from its start until its result has been read. While the stream is
 * `running` and a slot is free, the source has been asked for one item; while no slot is free, it has not been asked.
 */

/**
 * - `idle`: no reader has asked for a result.
 * - `running`: items are taken from the source.
 * - `draining`: the source has no more items; results are still made and read.
 * - `failed`: the work was aborted because of `failure`; results that were ready before can still be read.
 * - `left`: the work was aborted because the reader needs no more results.
 * - `over`: no item runs and no result is left; `failure` stays until a reader has got it.
 *
 * `inFlight` is the number of items that run, `unread` the number of results that no reader has got yet.
 */
export type MapStreamState = Counts &
  (
    | { readonly phase: 'idle'; readonly inFlight: 0; readonly unread: 0 }
    | { readonly phase: 'running'; readonly inFlight: number; readonly unread: number }
    | { readonly phase: 'draining'; readonly inFlight: number; readonly unread: number }
    | { readonly phase: 'failed'; readonly inFlight: number; readonly unread: number; readonly failure: Failure }
    | { readonly phase: 'left'; readonly inFlight: number; readonly unread: 0 }
    | { readonly phase: 'over'; readonly inFlight: 0; readonly unread: 0; readonly failure: Failure | undefined }
  );

interface Counts {
  /** How many items were started. */
  readonly items: number;
  /** How many of them failed without ending the stream. */
  readonly failedItems: number;
}

interface Failure {
  readonly error: unknown;
}

/**
 * - `pull`: ask the source for items until no slot is free.
 * - `drop`: forget all results but the oldest `unread`.
 * - `close`: close the source.
 * - `record`: record the counts in telemetry.
 * - `abort`: cancel the items that run.
 * - `end`: release the stream's scope.
 */
export type MapStreamAction = 'pull' | 'drop' | 'close' | 'record' | 'abort' | 'end';

/** The next state, and the actions to do, in this order. */
export interface MapStreamStep {
  readonly state: MapStreamState;
  readonly todo: readonly MapStreamAction[];
}

export const IDLE: MapStreamState = { phase: 'idle', items: 0, failedItems: 0, inFlight: 0, unread: 0 };

const NOTHING: readonly MapStreamAction[] = [];
const PULL: readonly MapStreamAction[] = ['pull'];
const END: readonly MapStreamAction[] = ['end'];
const RECORD_AND_END: readonly MapStreamAction[] = ['record', 'end'];
/** The actions that stop the work, by phase. In the other phases there is no work to stop. */
const STOP = {
  idle: ['drop', 'close', 'record', 'abort'],
  running: ['drop', 'close', 'record', 'abort'],
  draining: ['drop', 'record', 'abort'],
  failed: ['drop'],
} as const;

/** Whether the source was asked for an item that it has not given yet. */
export function owesItem(concurrency: number, state: MapStreamState): boolean {
  return state.phase === 'running' && state.inFlight + state.unread < concurrency;
}

/** Whether a result that is ready now will be read. */
export function wantsResults({ phase }: MapStreamState): boolean {
  return phase === 'running' || phase === 'draining';
}

// Transitions that happen for every item list all fields of the next state: a spread takes twenty times as long.

/** A reader has asked for a result. */
export function resultAsked(state: MapStreamState): MapStreamStep {
  return state.phase === 'idle' ? step({ ...state, phase: 'running' }, PULL) : step(state);
}

/** The source has given an item: the state after the item is started, `undefined` when it must not be started. */
export function itemTaken(state: MapStreamState): MapStreamState | undefined {
  if (state.phase !== 'running') return undefined;
  const { phase, items, failedItems, inFlight, unread } = state;
  return { phase, items: items + 1, failedItems, inFlight: inFlight + 1, unread };
}

/** The source has no more items. */
export function sourceExhausted(state: MapStreamState): MapStreamStep {
  return state.phase === 'running' ? overOnceEmpty({ ...state, phase: 'draining' }) : step(state);
}

/** The work on an item has ended. */
export function itemSettled(state: MapStreamState, failed: boolean): MapStreamStep {
  switch (state.phase) {
    case 'running':
    case 'draining': {
      const { phase, items, failedItems, inFlight, unread } = state;
      const failures = failed ? failedItems + 1 : failedItems;
      return step({ phase, items, failedItems: failures, inFlight: inFlight - 1, unread: unread + 1 });
    }
    case 'failed':
    case 'left':
      return overOnceEmpty({ ...state, inFlight: state.inFlight - 1 });
    default:
      return step(state);
  }
}

/** A reader has got the oldest result. */
export function resultRead(concurrency: number, state: MapStreamState): MapStreamStep {
  switch (state.phase) {
    case 'running': {
      const { phase, items, failedItems, inFlight, unread } = state;
      const next = { phase, items, failedItems, inFlight, unread: unread - 1 };
      return step(next, owesItem(concurrency, state) ? NOTHING : PULL);
    }
    case 'draining':
    case 'failed':
      return overOnceEmpty({ ...state, unread: state.unread - 1 });
    default:
      return step(state);
  }
}

/** An item has failed, or the stream was cancelled. The `ready` oldest results can be read before the failure. */
export function streamFailed(state: MapStreamState, failure: Failure, ready: number): MapStreamStep {
  if (state.phase === 'failed' || state.phase === 'left' || state.phase === 'over') return step(state);
  const { items, failedItems, inFlight } = state;
  return stopped(state, { phase: 'failed', items, failedItems, inFlight, unread: ready, failure });
}

/** The source has failed, which means that it has no more items and must not be closed. */
export function sourceFailed(state: MapStreamState, failure: Failure, ready: number): MapStreamStep {
  return state.phase === 'running' ? streamFailed({ ...state, phase: 'draining' }, failure, ready) : step(state);
}

/** The reader needs no more results. A failure that no reader has got yet is forgotten. */
export function readerLeft(state: MapStreamState): MapStreamStep {
  if (state.phase === 'left') return step(state);
  if (state.phase === 'over') return step(failureRead(state));
  const { items, failedItems, inFlight } = state;
  return stopped(state, { phase: 'left', items, failedItems, inFlight, unread: 0 });
}

/** A reader has got the failure. All other readers get the end of the stream. */
export function failureRead(state: MapStreamState): MapStreamState {
  return state.phase === 'over' && state.failure !== undefined ? { ...state, failure: undefined } : state;
}

/** The error for a reader once there are no more results. */
export function failureOf(state: MapStreamState): Failure | undefined {
  return 'failure' in state ? state.failure : undefined;
}

type InPhase<Phase> = Extract<MapStreamState, { readonly phase: Phase }>;

function step(state: MapStreamState, todo = NOTHING): MapStreamStep {
  return { state, todo };
}

function stopped({ phase }: InPhase<keyof typeof STOP>, next: InPhase<'failed' | 'left'>): MapStreamStep {
  const { state, todo } = overOnceEmpty(next);
  return step(state, [...STOP[phase], ...todo]);
}

function overOnceEmpty(state: InPhase<'draining' | 'failed' | 'left'>): MapStreamStep {
  const { phase, items, failedItems, inFlight, unread } = state;
  if (inFlight > 0 || unread > 0) return step(state);
  const over: MapStreamState = { phase: 'over', items, failedItems, inFlight: 0, unread: 0, failure: failureOf(state) };
  return step(over, phase === 'draining' ? RECORD_AND_END : END);
}
