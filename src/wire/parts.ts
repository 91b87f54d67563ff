import { beginModelCall } from '../llm/begin-model-call.ts';
import { recordUnrecognised } from '../telemetry/record/model-series.ts';
import type { WireParts } from './send-observed.ts';

/** What the observers of this package are made of. */
export const WIRE: WireParts = {
  recognise: () => undefined,
  begin: beginModelCall,
  unrecognised: recordUnrecognised,
};
