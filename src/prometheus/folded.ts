import { schema } from '../../views/index.ts';
import { foldedMeasurements } from '../telemetry/scrapes.ts';

const instrumentOf = new Map<string, string>(schema.map(({ metric, instrument }) => [metric, instrument]));

/**
 * The count of measurements of this metric that went to `__other__`. The tables of the primitives count theirs under
 * the name of the instrument: under that of the metric there would be two series that the view makes one.
 */
export function foldedOf(metric: string): ReturnType<typeof foldedMeasurements> {
  return foldedMeasurements(instrumentOf.get(metric) ?? metric);
}
