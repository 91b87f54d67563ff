import type { Observation } from '../observation.ts';
import { ATTR, EVENT, INSTRUMENT, STATUSES } from '../semconv.ts';
import { SeriesTable } from '../series-table.ts';

const compensations = new SeriesTable(INSTRUMENT.sagaCompensations, 'counter', { unit: '{compensation}' }, [
  ATTR.primitiveName,
  ATTR.status,
]);
const unknownEffects = new SeriesTable(INSTRUMENT.sagaUnknownEffects, 'counter', { unit: '{step}' }, [
  ATTR.primitiveName,
]);

export type { Observation } from '../observation.ts';
export type SagaRecorder = ReturnType<typeof sagaRecorder>;

/** Records how one saga is undone. */
export function sagaRecorder(name: string) {
  const [success, failure] = STATUSES.map((status) => compensations.series(name, status));
  const unknown = unknownEffects.series(name);
  return {
    /** A compensation has ended. */
    compensated(succeeded: boolean): void {
      const series = succeeded ? success : failure;
      if (series !== undefined) series.value += 1;
    },
    /** `step` was interrupted, and has no `whenUnknown` that would undo it. */
    leftUnknown(observation: Observation, step: string): void {
      unknown.value += 1;
      observation.span?.addEvent(EVENT.unknownEffect, { [ATTR.sagaStep]: step });
    },
  };
}
