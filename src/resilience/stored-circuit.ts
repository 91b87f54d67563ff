import type { ExecutionContext } from '../core/context.ts';
import { PROCESS_ID } from '../core/process-id.ts';
import type { SharedState } from '../core/shared-state.ts';
import { untilCancelled } from '../core/until-cancelled.ts';
import type { CircuitGroup, CircuitState } from '../telemetry/record/circuit-breaker.ts';
import type { Observation } from '../telemetry/record/shared-state.ts';
import { Admission } from './admission.ts';
import { type CircuitResult, type CircuitRules, closedCircuit, type Refusal, settle } from './circuit.ts';
import type { CircuitAnswer, CircuitStep, CircuitStore } from './circuit-store.ts';
import type { LiveCircuit } from './shared-circuit.ts';

interface Link {
  readonly store: CircuitStore;
  readonly state: SharedState;
  readonly rules: CircuitRules<unknown>;
  /** Names the circuit in the store. */
  readonly circuit: string;
}

interface Clock {
  now(): number;
}

/** After a refusal by the store the next execution asks again when this many milliseconds have passed. */
const ASK_AGAIN_MS = 100;
/** A look that has failed is repeated after this many milliseconds, or as often as the store is looked at if that is sooner. */
const LOOK_AGAIN_MS = 1_000;
const STEP_OF = { success: 'succeeded', failure: 'failed', unknown: 'unknown' } as const;

/**
 * A circuit that several processes share, as one of them sees it. Its own circuit counts and decides while the shared one is
 * closed, and while the store does not answer. When the shared one has opened, the store admits the probes of all processes.
 */
export class StoredCircuit {
  readonly #live: LiveCircuit;
  readonly #link: Link;
  /** The epoch of the shared circuit that was last seen. */
  #epoch = 0;
  /** Whether the shared circuit has opened and has not closed: then its state holds, and not that of this process. */
  #isShared = false;
  #firstLook: Promise<unknown> | undefined;
  #hasLooked = false;
  #lookAt = Number.NEGATIVE_INFINITY;
  #askAt = Number.NEGATIVE_INFINITY;
  #version = 0;

  constructor(live: LiveCircuit, link: Link) {
    this.#live = live;
    this.#link = link;
  }

  showIn(group: CircuitGroup): void {
    this.#live.showIn(group);
  }

  hide(): void {
    this.#live.hide();
  }

  refusal(): Refusal {
    return this.#live.refusal();
  }

  inside(context: ExecutionContext, admission: Admission): ExecutionContext {
    return this.#live.inside(context, admission);
  }

  /** As that of a circuit of one process. The first execution waits until it is known whether others have opened the circuit. */
  admit(
    clock: Clock,
    context: ExecutionContext,
    observation: Observation,
  ): Admission | undefined | PromiseLike<Admission | undefined> {
    this.#lookIfDue(context, observation);
    if (this.#hasLooked || this.#firstLook === undefined) return this.#admit(clock, context, observation);
    return untilCancelled(this.#firstLook, context.scope).then(() => this.#admit(clock, context, observation));
  }

  #admit(clock: Clock, context: ExecutionContext, observation: Observation) {
    if (!this.#isShared) return this.#live.admit(clock, context);
    const part = this.#live.partOf(context);
    if (part !== undefined) return part;
    const { value } = this.#live;
    const now = clock.now();
    if ((value.state === 'open' && now < value.until) || now < this.#askAt) return undefined;
    return this.#askToTry(clock, context, observation);
  }

  settle(
    admission: Admission,
    result: CircuitResult,
    error: unknown,
    clock: Clock,
    context: ExecutionContext,
  ): CircuitState | undefined {
    const { probe } = admission;
    if (probe === undefined) {
      const changedTo = this.#live.settle(admission, result, error, clock);
      if (changedTo === 'open') void this.#step('open', this.#epoch, context);
      return changedTo;
    }
    const counts = this.#live.counted(admission, result, error);
    if (counts !== undefined) void this.#endProbe(admission.epoch, probe, counts, context);
    return undefined;
  }

  async #endProbe(epoch: number, probe: number, result: CircuitResult, context: ExecutionContext): Promise<void> {
    const answer = await this.#step(STEP_OF[result], probe, context);
    if (answer !== undefined) return;
    // The store is away: what the probe has shown counts for this process.
    const { clock } = context;
    this.#isShared = false;
    this.#live.become(settle(this.#link.rules, this.#live.value, epoch, result, clock.now()), clock);
  }

  async #askToTry(clock: Clock, context: ExecutionContext, observation: Observation): Promise<Admission | undefined> {
    const unused = ({ admitted, epoch }: CircuitAnswer) => {
      if (admitted) void this.#step('unknown', epoch, context);
    };
    const asked = this.#step('admit', this.#epoch, context, observation, unused);
    let answer: CircuitAnswer | undefined;
    try {
      answer = await untilCancelled(asked, context.scope);
    } catch (error) {
      void asked.then((late) => late && unused(late));
      throw error;
    }
    if (answer === undefined) {
      this.#isShared = false;
      return this.#live.admit(clock, context);
    }
    if (answer.state === 'closed') return this.#live.admit(clock, context);
    if (answer.admitted) return new Admission(this.#live.value.epoch, undefined, answer.epoch);
    this.#askAt = clock.now() + Math.min(answer.leftMs, ASK_AGAIN_MS);
    return undefined;
  }

  /** Looks what others have done, without making this execution wait, unless it is the first. */
  #lookIfDue(context: ExecutionContext, observation: Observation): void {
    const { store, circuit } = this.#link;
    const now = context.clock.now();
    const version = versionOf(store, circuit);
    if (version === this.#version && now < this.#lookAt) return;
    if (version !== this.#version) this.#askAt = Number.NEGATIVE_INFINITY;
    this.#version = version;
    this.#lookAt = now + (store.lookMs ?? 1_000);
    const looked = this.#step('look', this.#epoch, context, observation).then((answer) => {
      this.#hasLooked = true;
      if (answer === undefined) this.#lookAt = Math.min(this.#lookAt, now + LOOK_AGAIN_MS);
    });
    this.#firstLook ??= looked;
  }

  async #step(
    step: CircuitStep,
    epoch: number,
    context: ExecutionContext,
    observation?: Observation,
    onLate?: (answer: CircuitAnswer) => void,
  ): Promise<CircuitAnswer | undefined> {
    const { store, state, rules, circuit } = this.#link;
    const { openMs, openFactor, maxOpenMs, halfOpenProbes } = rules;
    const request = { circuit, step, epoch, openMs, openFactor, maxOpenMs, halfOpenProbes, process: PROCESS_ID };
    const call = async () => checked(await store.step(request));
    const given = await state.ask({ context, observation, call, ...(onLate && { onLate }) });
    if (given !== undefined) this.#adopt(given.answer, context.clock);
    return given?.answer;
  }

  #adopt({ state, epoch, leftMs, openings }: CircuitAnswer, clock: Clock): void {
    if (epoch === this.#epoch) return;
    const wasShared = this.#isShared;
    this.#epoch = epoch;
    this.#isShared = state !== 'closed';
    const next = this.#live.value.epoch + 1;
    const at = clock.now() + leftMs;
    if (state === 'open') this.#live.become({ state, epoch: next, until: at, openings }, clock);
    else if (state === 'half_open')
      this.#live.become({ state, epoch: next, openings, running: 0, succeeded: 0, renewAt: at }, clock);
    // Of a circuit that the store has forgotten it says nothing: one that only this process has opened stays open.
    else if (wasShared || epoch > 0) this.#live.become(closedCircuit(this.#link.rules, next), clock);
  }
}

/** A store may fail in everything. */
function versionOf(store: CircuitStore, circuit: string): number {
  try {
    return store.version?.(circuit) ?? 0;
  } catch {
    return 0;
  }
}

function checked(answer: CircuitAnswer): CircuitAnswer {
  const { state, epoch, leftMs, openings, admitted } = answer;
  const isKnown = state === 'closed' || state === 'open' || state === 'half_open';
  if (isKnown && typeof admitted === 'boolean' && [epoch, leftMs, openings].every(Number.isFinite)) return answer;
  throw new TypeError('step must give state, epoch, leftMs, openings and admitted');
}
