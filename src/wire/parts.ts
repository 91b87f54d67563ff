import { beginModelCall } from '../llm/begin-model-call.ts';
import { recordUnrecognised } from '../telemetry/record/model-series.ts';
import { recognise } from './protocols/index.ts';
import type { WireParts } from './watch.ts';

/** What the observers of this package are made of. */
export const WIRE: WireParts = {
  recognise,
  begin: beginModelCall,
  unrecognised: recordUnrecognised,
};
