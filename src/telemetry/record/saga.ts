import type { Observation } from '../observation.ts';
import { ATTR, EVENT, INSTRUMENT, STATUSES } from '../semconv.ts';
import { SeriesTable } from '../series-table.ts';
import { errorAttributes } from './error.ts';

const [SUCCESS, FAILURE] = STATUSES;
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
    /** A compensation of `step` has ended. */
    compensated(observation: Observation, step: string, failed: { readonly error: unknown } | undefined): void {
      const [series, status] = failed === undefined ? [success, SUCCESS] : [failure, FAILURE];
      if (series !== undefined) series.value += 1;
      observation.span?.addEvent(EVENT.compensation, {
        [ATTR.sagaStep]: step,
        [ATTR.status]: status,
        ...(failed === undefined ? undefined : errorAttributes(failed.error)),
      });
    },
    /** `step` was interrupted, and has no `whenUnknown` that would undo it. */
    leftUnknown(observation: Observation, step: string): void {
      unknown.value += 1;
      observation.span?.addEvent(EVENT.unknownEffect, { [ATTR.sagaStep]: step });
    },
  };
}
