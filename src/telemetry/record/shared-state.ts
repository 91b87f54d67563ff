/** Whether primitives work with the state that several processes share, or with that of this process only. */
import { systemClock } from '../../platform/clock.ts';
import { processWide } from '../../platform/process-wide.ts';
import { beforeCollection } from '../meter.ts';
import type { Observation } from '../observation.ts';
import { ATTR, EVENT, INSTRUMENT } from '../semconv.ts';
import { type Series, SeriesTable } from '../series-table.ts';
import { errorAttributes } from './error.ts';

export type { Observation } from '../observation.ts';

const BY_PRIMITIVE = [ATTR.primitiveType, ATTR.primitiveName];
const gauges = new SeriesTable(INSTRUMENT.sharedStateLocal, 'gauge', {}, BY_PRIMITIVE);
const errors = new SeriesTable(INSTRUMENT.sharedStateErrors, 'counter', { unit: '{error}' }, BY_PRIMITIVE);

/** A primitive that has not asked for so long is idle, or does not exist any more. In milliseconds. */
const IDLE_MS = 60_000;

/** A primitive that went on with its own state when it asked last. Several primitives may have one gauge. */
interface Local {
  readonly gauge: Series;
  readonly at: number;
}

/** By the primitives, each of which is an object of its own. */
const locals = processWide('shared states', () => {
  const locals = new Map<object, Local>();
  beforeCollection(() => {
    for (const [primitive, { gauge, at }] of locals)
      if (systemClock.now() - at > IDLE_MS) moved(locals, primitive, gauge);
  });
  return locals;
});

function moved(locals: Map<object, Local>, primitive: object, gauge: Series): void {
  locals.delete(primitive);
  gauge.value = 0;
  for (const other of locals.values()) if (other.gauge === gauge) gauge.value = 1;
}

export type SharedStateRecorder = ReturnType<typeof sharedStateRecorder>;

/** Records the shared state of one primitive. */
export function sharedStateRecorder(type: string, name: string) {
  const gauge = gauges.series(type, name);
  const failures = errors.series(type, name);
  const self = {};
  return {
    /** The shared state has answered. */
    answered(): void {
      if (locals.has(self)) moved(locals, self, gauge);
    },
    /** It has not; the primitive goes on with its own state. `undefined`: it was not asked, because it had failed too often. */
    failed(observation: Observation | undefined, failure: { readonly error: unknown } | undefined): void {
      locals.set(self, { gauge, at: systemClock.now() });
      gauge.value = 1;
      if (failure !== undefined) failures.value += 1;
      const span = observation?.span;
      if (!span?.isRecording()) return;
      span.setAttribute(ATTR.sharedStateLocal, true);
      if (failure !== undefined) span.addEvent(EVENT.sharedStateError, errorAttributes(failure.error));
    },
  };
}
