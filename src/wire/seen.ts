import type { SeenHost } from './hosts.ts';
import type { Recognised, WireRequest } from './protocol.ts';

/** A request to a host that is read. */
export interface Seen {
  readonly request: WireRequest;
  readonly host: SeenHost;
  /** `undefined`: it is billed, and no protocol recognises it. */
  readonly recognised: Recognised | undefined;
}

/** A request that is a model call. */
export interface SeenCall extends Seen {
  readonly recognised: Recognised;
}
